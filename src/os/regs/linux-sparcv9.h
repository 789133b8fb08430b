/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on 64-bit SPARC; os/regs.h says what each means. A handler's third argument is
 * no ucontext_t but glibc's struct sigcontext, which begins where the siginfo_t does.
 * The kernel's frame (struct rt_signal_frame of its signal_64.c):
 *
 *      sp + 2047      the interrupted code's window, and room for arguments
 *         + 192       siginfo_t                       <- what the handler gets
 *         + 320       %g0..%g7, %o0..%o7, tstate, pc, npc
 */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#define REGS_COUNT 34 /* %g, %o, %l and %i, and ours for pc and npc */
#define REGS_SP 14
#define REGS_LINK 15
#define REGS_FP 30
#define REGS_PC 32
#define REGS_NEXT_PC 33

#define REGS_BIAS 2047

#define REGS_CONTEXT struct sigcontext
#define REGS_STACK sigc_stack

#define REGS_BEFORE 192
#define REGS_ELSEWHERE
static inline const void *regs_base(const void *context)
{
    return (const char *)context - REGS_BEFORE;
}

/* System V psABI, SPARC: globals, outs, locals, ins. */
static inline unsigned regs_column(uint64_t number)
{
    return number < 32 ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    if (column == REGS_PC)
        return REGS_BEFORE + offsetof(struct sigcontext, sigc_regs.tpc);
    if (column == REGS_NEXT_PC)
        return REGS_BEFORE + offsetof(struct sigcontext, sigc_regs.tnpc);
    if (column >= 16)
        return 8 * (size_t)(column - 16);
    return REGS_BEFORE + offsetof(struct sigcontext, sigc_regs.u_regs) +
           8 * (size_t)column;
}

/* 64 signals, where a sigset_t has room for more. */
#define REGS_OWN_MASK
static inline void regs_mask(const void *context, sigset_t *mask)
{
    sigemptyset(mask);
    memcpy(mask, &((const struct sigcontext *)context)->sigc_mask,
           sizeof(unsigned long));
}

#define REGS_TRAMPOLINE_BYTES 8
#define REGS_TRAMPOLINE_LATER 4
#define REGS_SIGINFO_AT REGS_BEFORE

/* mov 101, %g1; ta 0x6d */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = 0;
    return code[0] == 0x82 && code[1] == 0x10 && code[2] == 0x20 &&
           code[3] == 0x65 && code[4] == 0x91 && code[5] == 0xd0 &&
           code[6] == 0x20 && code[7] == 0x6d;
}

#endif
