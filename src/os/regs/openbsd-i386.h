/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenBSD on i386; os/regs.h says what each means. A
 * ucontext_t is a struct sigcontext */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>

#define REGS_NO_SIGNAL_STACK /* its place is not said */
#define REGS_MASK sc_mask

#define REGS_COUNT 9 /* eax..edi and the return address column */
#define REGS_FP 5
#define REGS_SP 4
#define REGS_PC 8

/* System V psABI, i386 supplement, table 2.14. */
static inline unsigned regs_column(uint64_t number)
{
    return number < REGS_COUNT ? (unsigned)number : REGS_COUNT;
}

#define AT(name) offsetof(ucontext_t, sc_##name)

static inline size_t regs_offset(unsigned column)
{
    static const unsigned short offset[REGS_COUNT] = {
        AT(eax), AT(ecx), AT(edx), AT(ebx), AT(esp),
        AT(ebp), AT(esi), AT(edi), AT(eip)};

    return offset[column];
}

#undef AT

#define REGS_COOKIE_AT offsetof(ucontext_t, sc_cookie)
#define REGS_CONTEXT_AT 16 /* behind the arguments, and what to call */

#endif
