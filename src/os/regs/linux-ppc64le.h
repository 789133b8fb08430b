/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on ppc64le; os/regs.h says what each means. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define REGS_COUNT 34 /* r0..r31, the link register, the pc */
#define REGS_SP 1
#define REGS_FP 31
#define REGS_LINK 32
#define REGS_PC 33

/* OpenPOWER ELFv2 ABI, table 2.24: the link register is 65. */
static inline unsigned regs_column(uint64_t number)
{
    if (number == 65)
        return REGS_LINK;
    return number < 32 ? (unsigned)number : REGS_COUNT;
}

/* In the kernel's registers, the pc is 32 and the link register 36. */
static inline size_t regs_offset(unsigned column)
{
    unsigned index = column == REGS_PC     ? 32
                     : column == REGS_LINK ? 36
                                           : column;

    return offsetof(ucontext_t, uc_mcontext.gp_regs) + 8 * (size_t)index;
}

#define REGS_TRAMPOLINE_BYTES 20
#define REGS_TRAMPOLINE_BACK 8
#define REGS_TRAMPOLINE_LATER 0
#define REGS_SIGINFO_AT 344 /* qemu-user's, of the number beside the registers */

/* li r0, 172; sc */
static inline bool regs_is_sigreturn(const uint8_t *code)
{
    return code[0] == 172 && code[1] == 0 && code[2] == 0 && code[3] == 0x38 &&
           code[4] == 2 && code[5] == 0 && code[6] == 0 && code[7] == 0x44;
}

/* addi r1, r1, 128, and that: the ucontext is what r1 points to then. */
static inline bool regs_is_whole_sigreturn(const uint8_t *code)
{
    return code[0] == 0x80 && code[1] == 0 && code[2] == 0x21 &&
           code[3] == 0x38 && regs_is_sigreturn(code + 4);
}

/* code + 8 is where a handler has returned to, or a tick at the first instruction or
 * at the two behind it; qemu-user has no addi, and two words more below. */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    bool behind = regs_is_whole_sigreturn(code) || regs_is_whole_sigreturn(code + 4);
    bool bare = regs_is_sigreturn(code + 4) || regs_is_sigreturn(code + 8);

    *at = behind ? 0 : bare ? 144 : 128;
    return behind || bare || regs_is_whole_sigreturn(code + 8);
}

#endif
