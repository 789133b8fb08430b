/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illumos and Solaris on 64-bit SPARC; os/regs.h says what each means. sp and fp
 * are biased in registers and in frames. Locals and ins, the frame pointer among
 * them, are no registers of the context: the kernel has flushed the window to the
 * stack before the handler.
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

#define REGS_COUNT 34 /* %g, %o, %l and %i, and ours for pc and npc */
#define REGS_SP 14
#define REGS_LINK 15 /* names the call, not what is behind it */
#define REGS_FP 30
#define REGS_PC 32
#define REGS_NEXT_PC 33

#define REGS_BIAS STACK_BIAS

/* System V psABI, SPARC: globals, outs, locals, ins. %g0 is always 0. */
static inline unsigned regs_column(uint64_t number)
{
    return number > 0 && number < 32 ? (unsigned)number : REGS_COUNT;
}

/* Of the window's columns there is none; nor of %g0. */
static inline size_t regs_offset(unsigned column)
{
    static const unsigned char index[16] = {
        REG_Y,  REG_G1, REG_G2, REG_G3, REG_G4, REG_G5, REG_G6, REG_G7,
        REG_O0, REG_O1, REG_O2, REG_O3, REG_O4, REG_O5, REG_SP, REG_O7};
    unsigned number = column == REGS_PC        ? REG_PC
                      : column == REGS_NEXT_PC ? REG_nPC
                                               : index[column & 15];

    return offsetof(ucontext_t, uc_mcontext.gregs) + sizeof(greg_t) * number;
}

#define REGS_WINDOW 16
static inline const uintptr_t *regs_window(const void *ucontext)
{
    const ucontext_t *context = ucontext;
    uintptr_t sp = (uintptr_t)context->uc_mcontext.gregs[REG_SP] + REGS_BIAS;

    _Static_assert(offsetof(struct frame, fr_savfp) == 14 * sizeof(uintptr_t) &&
                       offsetof(struct frame, fr_savpc) == 15 * sizeof(uintptr_t),
                   "locals, ins");
    return (const uintptr_t *)sp;
}

#endif
