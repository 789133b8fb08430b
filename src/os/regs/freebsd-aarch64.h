/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD on aarch64; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

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
        return offsetof(ucontext_t, uc_mcontext.mc_gpregs.gp_elr);
    if (column == REGS_SP)
        return offsetof(ucontext_t, uc_mcontext.mc_gpregs.gp_sp);
    if (column == REGS_LINK)
        return offsetof(ucontext_t, uc_mcontext.mc_gpregs.gp_lr);
    return offsetof(ucontext_t, uc_mcontext.mc_gpregs.gp_x) +
           8 * (size_t)column;
}

#define REGS_TRAMPOLINE_BYTES 16
#define REGS_TRAMPOLINE_LATER 4
#define REGS_SIGINFO_AT 0

/* mov x0, sp; add x0, x0, #80; mov x8, #417; svc #0 */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = sizeof(siginfo_t);
    return code[0] == 0xe0 && code[1] == 0x03 && code[2] == 0 &&
           code[3] == 0x91 && code[4] == 0 && code[5] == 0x40 &&
           code[6] == 0x01 && code[7] == 0x91 && code[8] == 0x28 &&
           code[9] == 0x34 && code[10] == 0x80 && code[11] == 0xd2 &&
           code[12] == 0x01 && code[13] == 0 && code[14] == 0 &&
           code[15] == 0xd4;
}

#define REGS_DEFERS /* libthr's check_deferred_signal */

#endif
