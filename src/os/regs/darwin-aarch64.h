/* SPDX-License-Identifier: BSD-2-Clause */
/* macOS on arm64; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ucontext.h>

#include "os/regs/no-trampoline.h"

#if defined(__arm64e__)
#error "arm64e signs pc, lr, sp and fp"
#endif

/* uc_stack begins where the kernel has put the context, with the whole stack's size. */
#define REGS_NO_SIGNAL_STACK

/* The context is behind a pointer. */
#define REGS_ELSEWHERE
#define REGS_BEHIND struct __darwin_mcontext64
static inline const void *regs_base(const void *ucontext)
{
    return ((const ucontext_t *)ucontext)->uc_mcontext;
}

#define REGS_COUNT 33 /* x0..x30, sp, and ours for the pc */
#define REGS_FP 29
#define REGS_LINK 30
#define REGS_SP 31
#define REGS_PC 32

/* DWARF for the Arm 64-bit architecture, section 4.1. */
static inline unsigned regs_column(uint64_t number)
{
    return number <= REGS_SP ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    if (column == REGS_PC)
        return offsetof(struct __darwin_mcontext64, __ss.__pc);
    if (column == REGS_SP)
        return offsetof(struct __darwin_mcontext64, __ss.__sp);
    if (column == REGS_LINK)
        return offsetof(struct __darwin_mcontext64, __ss.__lr);
    if (column == REGS_FP)
        return offsetof(struct __darwin_mcontext64, __ss.__fp);
    return offsetof(struct __darwin_mcontext64, __ss.__x) + 8 * (size_t)column;
}

#endif
