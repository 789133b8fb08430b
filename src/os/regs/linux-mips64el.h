/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on mips64el, the n64 ABI; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define REGS_COUNT 33 /* r0..r31, and ours for the pc */
#define REGS_SP 29
#define REGS_FP 30
#define REGS_LINK 31
#define REGS_PC 32

static inline unsigned regs_column(uint64_t number)
{
    return number < 32 ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    if (column == REGS_PC)
        return offsetof(ucontext_t, uc_mcontext.pc);
    return offsetof(ucontext_t, uc_mcontext.gregs) + 8 * (size_t)column;
}

#define REGS_TRAMPOLINE_BYTES 8
#define REGS_TRAMPOLINE_LATER 4
#define REGS_SIGINFO_AT 24 /* behind the argument area and an old trampoline */

/* li v0, 5211; syscall */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = REGS_SIGINFO_AT + (intptr_t)sizeof(siginfo_t);
    return code[0] == 0x5b && code[1] == 0x14 && code[2] == 0x02 &&
           code[3] == 0x24 && code[4] == 0x0c && code[5] == 0 &&
           code[6] == 0 && code[7] == 0;
}

#endif
