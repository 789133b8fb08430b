/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on x86-64; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define REGS_COUNT 17 /* rax..r15 and the return address column */
#define REGS_FP 6
#define REGS_SP 7
#define REGS_PC 16

/* System V psABI, AMD64 supplement, figure 3.36. */
static inline unsigned regs_column(uint64_t number)
{
    return number < REGS_COUNT ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    static const unsigned char index[REGS_COUNT] = {
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
        REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
        REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

    return offsetof(ucontext_t, uc_mcontext.gregs) +
           sizeof(greg_t) * index[column];
}

#define REGS_TRAMPOLINE_BYTES 9
#define REGS_TRAMPOLINE_LATER 7
#define REGS_SIGINFO_AT 304 /* behind the kernel's ucontext */

/* mov $15, %rax; syscall */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = 0;
    return code[0] == 0x48 && code[1] == 0xc7 && code[2] == 0xc0 &&
           code[3] == 0x0f && code[4] == 0 && code[5] == 0 && code[6] == 0 &&
           code[7] == 0x0f && code[8] == 0x05;
}

#endif
