/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD on aarch64; os/regs.h says what each means. */
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
        return offsetof(ucontext_t, uc_mcontext.__gregs[_REG_ELR]);
    return offsetof(ucontext_t, uc_mcontext.__gregs) + 8 * (size_t)column;
}

#define REGS_TRAMPOLINE_BYTES 8
#define REGS_TRAMPOLINE_LATER 4
#define REGS_SIGINFO_AT 0

/* mov x0, x28; svc #308: in libc */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = sizeof(siginfo_t);
    return code[0] == 0xe0 && code[1] == 0x03 && code[2] == 0x1c &&
           code[3] == 0xaa && code[4] == 0x81 && code[5] == 0x26 &&
           code[6] == 0 && code[7] == 0xd4;
}

#endif
