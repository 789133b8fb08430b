/* SPDX-License-Identifier: BSD-2-Clause */
/* riscv64; RISC-V ELF psABI. arch.h says what each means. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_WORD 8
#define ARCH_LINK 1
#define ARCH_RA_TOP 0
#define ARCH_CFA_SP 0
#define ARCH_BACKCHAIN 0
#define ARCH_RECORD_FP (-16)
#define ARCH_RECORD_PC (-8)
#define ARCH_RECORD_END 0
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 16
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 4

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    uint32_t half = (uint32_t)code[2] | (uint32_t)code[3] << 8;
    uint32_t word = (uint32_t)code[0] | (uint32_t)code[1] << 8 | half << 16;

    return (word & 0xfff) == 0x0ef ||  /* jal ra */
           (word & 0x7fff) == 0x0e7 || /* jalr ra */
           ((half & 0xf07f) == 0x9002 && (half & 0xf80)); /* c.jalr */
}

#endif
