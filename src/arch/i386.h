/* SPDX-License-Identifier: BSD-2-Clause */
/* i386; System V psABI, i386 supplement. arch.h says what each means. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include "arch/x86-call.h"
#include "arch/x86-keys.h"

#define ARCH_WORD 4
#define ARCH_LINK 0
#define ARCH_RA_AT (-4)
#define ARCH_CFA_SP 0
#define ARCH_BACKCHAIN 0
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 4
#define ARCH_RECORD_END 8
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 4
#define ARCH_RED_ZONE 0
#define ARCH_LANDING (1u << 0 | 1u << 2)
#define ARCH_UNTOLD_PUSHES 4
#define ARCH_ROOT_BYTES 3

/* pop of a register. */
static inline bool arch_pops(uint8_t code)
{
    return code >= 0x58 && code <= 0x5f;
}

/* lea (%esp,%ebx,4),%esp: glibc's makecontext has put its address there. It takes
 * the function's arguments away, of which no compiler keeps the number so. */
static inline bool arch_is_root(const uint8_t code[ARCH_ROOT_BYTES])
{
    return code[0] == 0x8d && code[1] == 0x24 && code[2] == 0x9c;
}

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

#endif
