/* SPDX-License-Identifier: BSD-2-Clause */
/* illumos and Solaris on i386; os/regs.h says what each means. REG_SP is UESP: under a
 * 64-bit kernel ESP holds 0. Nothing is
 * taken from <sys/kdi_regs.h>: its indices look alike, and are another array's. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/regset.h>
#include <ucontext.h>

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
        EAX, ECX, EDX, EBX, REG_SP, REG_FP, ESI, EDI, REG_PC};

    return offsetof(ucontext_t, uc_mcontext.gregs) +
           sizeof(greg_t) * index[column];
}

/* The kernel's frame: return address, signal, siginfo and ucontext pointers. */
#define REGS_MARKED_RETURN UINTPTR_MAX
#define REGS_MARKED_POINTER 8
#define REGS_CHAIN_AT offsetof(ucontext_t, uc_link)

static inline uintptr_t regs_marked_context(uintptr_t ucontext)
{
    return ucontext;
}

#endif
