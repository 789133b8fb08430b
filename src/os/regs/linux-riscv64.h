/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on riscv64; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define REGS_COUNT 33 /* x0..x31, and ours for the pc */
#define REGS_LINK 1
#define REGS_SP 2
#define REGS_FP 8
#define REGS_PC 32

/* RISC-V DWARF specification, register numbers. */
static inline unsigned regs_column(uint64_t number)
{
    return number < 32 ? (unsigned)number : REGS_COUNT;
}

/* The kernel keeps the pc where x0 would be. */
static inline size_t regs_offset(unsigned column)
{
    unsigned index = column == REGS_PC ? 0 : column;

    return offsetof(ucontext_t, uc_mcontext.__gregs) + 8 * (size_t)index;
}

#define REGS_TRAMPOLINE_BYTES 8
#define REGS_TRAMPOLINE_LATER 4
#define REGS_SIGINFO_AT 0

/* li a7, 139; ecall */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = sizeof(siginfo_t);
    return code[0] == 0x93 && code[1] == 0x08 && code[2] == 0xb0 &&
           code[3] == 0x08 && code[4] == 0x73 && code[5] == 0 &&
           code[6] == 0 && code[7] == 0;
}

#endif
