/* SPDX-License-Identifier: BSD-2-Clause */
/* macOS on x86-64; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ucontext.h>

#include "os/regs/no-trampoline.h"

/* uc_stack begins where the kernel has put the context, with the whole stack's size. */
#define REGS_NO_SIGNAL_STACK

/* The context is behind a pointer. */
#define REGS_ELSEWHERE
#define REGS_BEHIND struct __darwin_mcontext64
static inline const void *regs_base(const void *ucontext)
{
    return ((const ucontext_t *)ucontext)->uc_mcontext;
}

#define REGS_COUNT 17 /* rax..r15 and the return address column */
#define REGS_FP 6
#define REGS_SP 7
#define REGS_PC 16

/* System V psABI, AMD64 supplement, figure 3.36. */
static inline unsigned regs_column(uint64_t number)
{
    return number < REGS_COUNT ? (unsigned)number : REGS_COUNT;
}

#define AT(name) offsetof(struct __darwin_mcontext64, __ss.__##name)

static inline size_t regs_offset(unsigned column)
{
    static const unsigned short offset[REGS_COUNT] = {
        AT(rax), AT(rdx), AT(rcx), AT(rbx), AT(rsi), AT(rdi),
        AT(rbp), AT(rsp), AT(r8),  AT(r9),  AT(r10), AT(r11),
        AT(r12), AT(r13), AT(r14), AT(r15), AT(rip)};

    return offset[column];
}

#undef AT

#endif
