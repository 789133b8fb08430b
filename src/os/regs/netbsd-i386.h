/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD on i386; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "os/regs/no-trampoline.h"

#define REGS_COUNT 9 /* eax..edi and the return address column */
#define REGS_FP 5
#define REGS_SP 4
#define REGS_PC 8

/* System V psABI, i386 supplement, table 2.14. */
static inline unsigned regs_column(uint64_t number)
{
    return number < REGS_COUNT ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    static const unsigned char index[REGS_COUNT] = {
        _REG_EAX, _REG_ECX, _REG_EDX, _REG_EBX, _REG_UESP,
        _REG_EBP, _REG_ESI, _REG_EDI, _REG_EIP};

    return offsetof(ucontext_t, uc_mcontext.__gregs) +
           sizeof(__greg_t) * index[column];
}

#endif
