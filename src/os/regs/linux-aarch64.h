/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on aarch64; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define REGS_COUNT 33 /* x0..x30, sp, and ours for the pc */
#define REGS_FP 29
#define REGS_LINK 30
#define REGS_SP 31
#define REGS_PC 32

/* DWARF for the Arm 64-bit architecture, section 4.1. */
static inline unsigned regs_column(uint64_t number)
{
    return number <= REGS_SP ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    if (column == REGS_PC)
        return offsetof(ucontext_t, uc_mcontext.pc);
    if (column == REGS_SP)
        return offsetof(ucontext_t, uc_mcontext.sp);
    return offsetof(ucontext_t, uc_mcontext.regs) + 8 * (size_t)column;
}

#define REGS_TRAMPOLINE_BYTES 8
#define REGS_TRAMPOLINE_LATER 4
#define REGS_SIGINFO_AT 0

/* mov x8, #139; svc #0 */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = sizeof(siginfo_t);
    return code[0] == 0x68 && code[1] == 0x11 && code[2] == 0x80 &&
           code[3] == 0xd2 && code[4] == 0x01 && code[5] == 0 &&
           code[6] == 0 && code[7] == 0xd4;
}

#endif
