/* SPDX-License-Identifier: BSD-2-Clause */
/* illumos and Solaris on x86-64; os/regs.h says what each means. Nothing is
 * taken from <sys/kdi_regs.h>: its indices look alike, and are another array's. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/regset.h>
#include <ucontext.h>

#define REGS_COUNT 17 /* rax..r15 and the return address column */
#define REGS_FP 6
#define REGS_SP 7
#define REGS_PC 16

/* System V psABI, AMD64 supplement, figure 3.36. */
static inline unsigned regs_column(uint64_t number)
{
    return number < REGS_COUNT ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    static const unsigned char index[REGS_COUNT] = {
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
        REG_FP,  REG_SP,  REG_R8,  REG_R9,  REG_R10, REG_R11,
        REG_R12, REG_R13, REG_R14, REG_R15, REG_PC};

    return offsetof(ucontext_t, uc_mcontext.gregs) +
           sizeof(greg_t) * index[column];
}

/* The kernel's frame: return address, signal, siginfo pointer (0, if the handler asked
 * for none), since 2023 an area for the FPU, ucontext, siginfo. */
#define REGS_MARKED_RETURN UINTPTR_MAX
#define REGS_MARKED_POINTER 8
#define REGS_CHAIN_AT offsetof(ucontext_t, uc_link)

static inline uintptr_t regs_marked_context(uintptr_t siginfo)
{
    return siginfo ? (siginfo - sizeof(ucontext_t)) & ~(uintptr_t)15 : 0;
}

#endif
