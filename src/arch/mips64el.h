/* SPDX-License-Identifier: BSD-2-Clause */
/* mips64el; the n64 ABI. arch.h says what each means. No chain: code keeps fp
 * only where its frame has no fixed size. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_WORD 8
#define ARCH_LINK 1
#define ARCH_RA_TOP 0
#define ARCH_CFA_SP 0
#define ARCH_BACKCHAIN 0
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 8
#define ARCH_RECORD_END 16
#define ARCH_RECORD_IS_LOW 1
#define ARCH_STACK_ALIGN 16
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 8 /* the call and what is done in its delay */

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    uint32_t word = (uint32_t)code[0] | (uint32_t)code[1] << 8 |
                    (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;

    return word >> 26 == 3 ||                   /* jal */
           (word & 0xfc1f07ff) == 0x00000009 || /* jalr */
           (word & 0xfc1e0000) == 0x04100000;   /* bltzal, bgezal */
}

#endif
