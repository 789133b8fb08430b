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

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

#endif
