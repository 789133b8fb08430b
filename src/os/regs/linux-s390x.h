/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on s390x; os/regs.h says what each means. Leaf functions may keep
 * registers in floating point ones. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define REGS_COUNT 33 /* r0..r15, sixteen floating point ones, the pc */
#define REGS_FP 11
#define REGS_LINK 14
#define REGS_SP 15
#define REGS_PC 32

/* s390x ELF ABI supplement, DWARF register numbers. */
static inline unsigned regs_column(uint64_t number)
{
    return number < 32 ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    static const unsigned char floating[16] = {0, 2,  4,  6,  1, 3,  5,  7,
                                               8, 10, 12, 14, 9, 11, 13, 15};

    if (column == REGS_PC)
        return offsetof(ucontext_t, uc_mcontext.psw.addr);
    if (column < 16)
        return offsetof(ucontext_t, uc_mcontext.gregs) + 8 * (size_t)column;
    return offsetof(ucontext_t, uc_mcontext.fpregs.fprs) +
           8 * (size_t)floating[column - 16];
}

#define REGS_TRAMPOLINE_BYTES 2
#define REGS_TRAMPOLINE_LATER 0
#define REGS_SIGINFO_AT 168 /* behind the callee's area and the trampoline */

/* svc 173: a siginfo_t is in front. svc 119: a mask and a pointer, then the
 * registers, which a ucontext_t has at 40. */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = code[1] == 173 ? REGS_SIGINFO_AT + (intptr_t)sizeof(siginfo_t)
                         : 160 + 16 - 40;
    return code[0] == 0x0a && (code[1] == 173 || code[1] == 119);
}

#endif
