/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD and DragonFly on x86-64; os/regs.h says what each means. Of the latter names are
 * the same, and places are not. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
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

#define AT(name) offsetof(ucontext_t, uc_mcontext.mc_##name)

static inline size_t regs_offset(unsigned column)
{
    static const unsigned short offset[REGS_COUNT] = {
        AT(rax), AT(rdx), AT(rcx), AT(rbx), AT(rsi), AT(rdi),
        AT(rbp), AT(rsp), AT(r8),  AT(r9),  AT(r10), AT(r11),
        AT(r12), AT(r13), AT(r14), AT(r15), AT(rip)};

    return offset[column];
}

#undef AT

/* The kernel's frame, up to the siginfo_t: that is empty where the handler asked for
 * none. */
struct regs_frame {
    void *handler;
    ucontext_t context;
};

#define REGS_TRAMPOLINE_BYTES 16
#define REGS_TRAMPOLINE_LATER 5
#define REGS_LENGTH_AT offsetof(struct regs_frame, context.uc_mcontext.mc_len)
#define REGS_LENGTH sizeof(mcontext_t)

/* lea context(%rsp), %rdi; push $0; mov $SYS_sigreturn, %rax; syscall */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    *at = offsetof(struct regs_frame, context);
    return code[0] == 0x48 && code[1] == 0x8d && code[2] == 0x7c &&
           code[3] == 0x24 && code[4] == *at && code[5] == 0x6a &&
           code[6] == 0 && code[7] == 0x48 && code[8] == 0xc7 &&
           code[9] == 0xc0 && code[10] == (SYS_sigreturn & 0xff) &&
           code[11] == SYS_sigreturn >> 8 && code[12] == 0 && code[13] == 0 &&
           code[14] == 0x0f && code[15] == 0x05;
}

/* libthr's check_deferred_signal */
#define REGS_DEFERS

#endif
