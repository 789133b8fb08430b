/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on i386; os/regs.h says what each means. Here REG_ESP is the stack
 * pointer of the interrupted code; REG_UESP has the same value, but is not what
 * the return from the signal restores. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
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
        REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP,
        REG_EBP, REG_ESI, REG_EDI, REG_EIP};

    return offsetof(ucontext_t, uc_mcontext.gregs) +
           sizeof(greg_t) * index[column];
}

#define REGS_TRAMPOLINE_BYTES 8
#define REGS_TRAMPOLINE_LATER 5
#define REGS_SIGINFO_AT 12

/* mov $173, %eax; int $0x80: behind number, siginfo and ucontext pointers lie
 * those two. pop %eax; mov $119, %eax; int $0x80: behind the number lie the
 * registers, as a ucontext_t has them at 20. */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    bool old = code[0] == 0x58;

    code += old;
    *at = old ? 4 - 20 : 140;
    return code[0] == 0xb8 && code[1] == (old ? 119 : 173) && code[2] == 0 &&
           code[3] == 0 && code[4] == 0 && code[5] == 0xcd &&
           (old || code[6] == 0x80);
}

#endif
