/* SPDX-License-Identifier: BSD-2-Clause */
/* s390x; s390x ELF ABI supplement. arch.h says what each means. The 160 bytes
 * above sp belong to the callee, which keeps registers there; the chain is there
 * only in code built with -mbackchain. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_WORD 8
#define ARCH_LINK 1
#define ARCH_RA_TOP 0
#define ARCH_CFA_SP 160
#define ARCH_BACKCHAIN 1
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 112
#define ARCH_RECORD_END 0
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 8
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 6

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    return (code[0] == 0xc0 && (code[1] & 15) == 5) || /* brasl */
           (code[2] == 0xa7 && (code[3] & 15) == 5) || /* bras */
           code[4] == 0x0d;                            /* basr */
}

#endif
