/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD on x86-64; os/regs.h says what each means. _UC_MACHINE_SP would
 * be below the red zone */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

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
        _REG_RAX, _REG_RDX, _REG_RCX, _REG_RBX, _REG_RSI, _REG_RDI,
        _REG_RBP, _REG_RSP, _REG_R8,  _REG_R9,  _REG_R10, _REG_R11,
        _REG_R12, _REG_R13, _REG_R14, _REG_R15, _REG_RIP};

    return offsetof(ucontext_t, uc_mcontext.__gregs) +
           sizeof(__greg_t) * index[column];
}

#define REGS_TRAMPOLINE_BYTES 12
#define REGS_TRAMPOLINE_LATER 3
#define REGS_SIGINFO_AT 0

/* mov %r15, %rdi; mov $308, %rax; syscall: in libc */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = sizeof(siginfo_t);
    return code[0] == 0x4c && code[1] == 0x89 && code[2] == 0xff &&
           code[3] == 0x48 && code[4] == 0xc7 && code[5] == 0xc0 &&
           code[6] == 0x34 && code[7] == 0x01 && code[8] == 0 &&
           code[9] == 0 && code[10] == 0x0f && code[11] == 0x05;
}

#endif
