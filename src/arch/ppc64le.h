/* SPDX-License-Identifier: BSD-2-Clause */
/* ppc64le; OpenPOWER ELFv2 ABI. arch.h says what each means. A function saves
 * the link register in its caller's frame; the word at sp is the caller's sp. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_WORD 8
#define ARCH_LINK 1
#define ARCH_RA_TOP 24
#define ARCH_CFA_SP 0
#define ARCH_BACKCHAIN 1
#define ARCH_CHAIN_IS_ABI
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 16
#define ARCH_RECORD_END 0
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 16
#define ARCH_RED_ZONE 288
#define ARCH_CALL_BYTES 4

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    uint32_t word = (uint32_t)code[0] | (uint32_t)code[1] << 8 |
                    (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;

    return (word & 0xfc000003) == 0x48000001 || /* bl */
           word == 0x4e800421 ||                /* bctrl */
           word == 0x4e800021;                  /* blrl */
}

#endif
