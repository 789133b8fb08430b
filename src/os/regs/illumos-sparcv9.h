/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illumos and Solaris on 64-bit SPARC; os/regs.h says what each means. sp and
 * fp are biased in registers and in frames. The frame pointer is no register of
 * the context but in the window that the kernel has flushed to the stack before
 * the handler.
 */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/frame.h>
#include <sys/regset.h>
#include <sys/stack.h>
#include <ucontext.h>

#include "os/regs/no-trampoline.h"

#define REGS_COUNT 3
#define REGS_SP 0
#define REGS_LINK 1 /* names the call, not what is behind it */
#define REGS_PC 2
#define REGS_FP REGS_COUNT /* in no ucontext_t: regs_own_fp */

/* System V psABI, SPARC: %o6 is 14, %o7 is 15. */
static inline unsigned regs_column(uint64_t number)
{
    return number == 14 ? REGS_SP : number == 15 ? REGS_LINK : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    static const unsigned char index[REGS_COUNT] = {REG_SP, REG_O7, REG_PC};

    return offsetof(ucontext_t, uc_mcontext.gregs) +
           sizeof(greg_t) * index[column];
}

#define REGS_BIAS STACK_BIAS

/* Of a thread whose sp, without its bias, is this; without its bias. */
#define REGS_OWN_FP
static inline uintptr_t regs_own_fp(uintptr_t sp)
{
    return (uintptr_t)((const struct frame *)sp)->fr_savfp + REGS_BIAS;
}

#endif
