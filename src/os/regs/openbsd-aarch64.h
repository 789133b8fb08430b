/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenBSD on aarch64; os/regs.h says what each means. A
 * ucontext_t is a struct sigcontext */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>

#define REGS_NO_SIGNAL_STACK /* its place is not said */
#define REGS_MASK sc_mask

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
        return offsetof(ucontext_t, sc_elr);
    if (column == REGS_SP)
        return offsetof(ucontext_t, sc_sp);
    if (column == REGS_LINK)
        return offsetof(ucontext_t, sc_lr);
    return offsetof(ucontext_t, sc_x) + 8 * (size_t)column;
}

#define REGS_COOKIE_AT offsetof(ucontext_t, sc_cookie)
#define REGS_CONTEXT_AT 8 /* behind the signal's number */

#endif
