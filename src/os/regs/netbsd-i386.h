/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD on i386; os/regs.h says what each means. */
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

static inline size_t regs_offset(unsigned column)
{
    static const unsigned char index[REGS_COUNT] = {
        _REG_EAX, _REG_ECX, _REG_EDX, _REG_EBX, _REG_UESP,
        _REG_EBP, _REG_ESI, _REG_EDI, _REG_EIP};

    return offsetof(ucontext_t, uc_mcontext.__gregs) +
           sizeof(__greg_t) * index[column];
}

#define REGS_TRAMPOLINE_BYTES 18
#define REGS_TRAMPOLINE_LATER 7
#define REGS_SIGINFO_AT 0 /* the signal's number, the first of three arguments */

/* lea 140(%esp), %eax; mov %eax, 4(%esp); mov $308, %eax; int $0x80: in libc */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = 12 + sizeof(siginfo_t);
    return code[0] == 0x8d && code[1] == 0x84 && code[2] == 0x24 &&
           code[3] == *at && code[4] == 0 && code[5] == 0 && code[6] == 0 &&
           code[7] == 0x89 && code[8] == 0x44 && code[9] == 0x24 &&
           code[10] == 4 && code[11] == 0xb8 && code[12] == 0x34 &&
           code[13] == 0x01 && code[14] == 0 && code[15] == 0 &&
           code[16] == 0xcd && code[17] == 0x80;
}

#endif
