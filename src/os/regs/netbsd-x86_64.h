/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD on x86-64; os/regs.h says what each means. _UC_MACHINE_SP would
 * be below the red zone */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "os/regs/no-trampoline.h"

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
        _REG_RAX, _REG_RDX, _REG_RCX, _REG_RBX, _REG_RSI, _REG_RDI,
        _REG_RBP, _REG_RSP, _REG_R8,  _REG_R9,  _REG_R10, _REG_R11,
        _REG_R12, _REG_R13, _REG_R14, _REG_R15, _REG_RIP};

    return offsetof(ucontext_t, uc_mcontext.__gregs) +
           sizeof(__greg_t) * index[column];
}

#endif
