/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD on i386; os/regs.h says what each means. Its mc_isp is
 * the kernel's stack pointer */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

#define AT(name) offsetof(ucontext_t, uc_mcontext.mc_##name)

static inline size_t regs_offset(unsigned column)
{
    static const unsigned short offset[REGS_COUNT] = {
        AT(eax), AT(ecx), AT(edx), AT(ebx), AT(esp),
        AT(ebp), AT(esi), AT(edi), AT(eip)};

    return offset[column];
}

#undef AT

#define REGS_TRAMPOLINE_BYTES 5
#define REGS_TRAMPOLINE_LATER 4
#define REGS_SIGINFO_AT 0 /* the signal's number, an argument */

/* lea 32(%esp), %eax; push %eax: what follows is not the same under a 64-bit kernel */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = 32;
    return code[0] == 0x8d && code[1] == 0x44 && code[2] == 0x24 &&
           code[3] == 0x20 && code[4] == 0x50;
}

#define REGS_DEFERS /* libthr's check_deferred_signal */

#endif
