/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenBSD on x86-64; os/regs.h says what each means. A
 * ucontext_t is a struct sigcontext */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>

#define REGS_NO_SIGNAL_STACK /* its place is not said */
#define REGS_MASK sc_mask

#define REGS_COUNT 17 /* rax..r15 and the return address column */
#define REGS_FP 6
#define REGS_SP 7
#define REGS_PC 16

/* System V psABI, AMD64 supplement, figure 3.36. */
static inline unsigned regs_column(uint64_t number)
{
    return number < REGS_COUNT ? (unsigned)number : REGS_COUNT;
}

#define AT(name) offsetof(ucontext_t, sc_##name)

static inline size_t regs_offset(unsigned column)
{
    static const unsigned short offset[REGS_COUNT] = {
        AT(rax), AT(rdx), AT(rcx), AT(rbx), AT(rsi), AT(rdi),
        AT(rbp), AT(rsp), AT(r8),  AT(r9),  AT(r10), AT(r11),
        AT(r12), AT(r13), AT(r14), AT(r15), AT(rip)};

    return offset[column];
}

#undef AT

#define REGS_COOKIE_AT offsetof(ucontext_t, sc_cookie)
#define REGS_CONTEXT_AT 0

#endif
