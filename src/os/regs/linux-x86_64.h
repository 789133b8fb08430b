/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on x86-64: ucontext_t to registers. Getters and nothing else. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdint.h>
#include <ucontext.h>

#define REGS_DWARF_COUNT 17 /* rax..r15 and the return address column */
#define REGS_DWARF_FP 6
#define REGS_DWARF_SP 7
#define REGS_DWARF_PC 16

static inline uintptr_t regs_pc(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
}

static inline uintptr_t regs_sp(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
}

static inline uintptr_t regs_fp(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RBP];
}

/* By DWARF register number; System V psABI, AMD64 supplement, figure 3.36. */
static inline uintptr_t regs_dwarf(const ucontext_t *u, unsigned number)
{
    static const signed char index[REGS_DWARF_COUNT] = {
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
        REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
        REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

    return (uintptr_t)u->uc_mcontext.gregs[index[number]];
}

#endif
