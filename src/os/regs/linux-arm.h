/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux on arm; os/regs.h says what each means. The frame pointer is r7: code is
 * Thumb, as armhf distributions compile. */
#ifndef SIGPROF_REGS_H
#define SIGPROF_REGS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define REGS_COUNT 17 /* r0..r15, and ours for the status register */
#define REGS_FP 7
#define REGS_SP 13
#define REGS_LINK 14
#define REGS_PC 15
#define REGS_STATUS 16
#define REGS_STATUS_MODE 0x1f
#define REGS_STATUS_USER 0x10
#define REGS_STATUS_THUMB 0x20

/* DWARF for the Arm architecture, section 3.1. */
static inline unsigned regs_column(uint64_t number)
{
    return number < REGS_STATUS ? (unsigned)number : REGS_COUNT;
}

static inline size_t regs_offset(unsigned column)
{
    return offsetof(ucontext_t, uc_mcontext.arm_r0) + 4 * (size_t)column;
}

#define REGS_TRAMPOLINE_BYTES 8
#define REGS_TRAMPOLINE_LATER 4
#define REGS_SIGINFO_AT 0

/* mov r7, #173 (or 119, where no siginfo is in front); svc 0. As ARM code, and as
 * Thumb code of either length. */
static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    bool arm = code[1] == 0x70 && code[2] == 0xa0 && code[3] == 0xe3 &&
               code[4] == 0 && code[5] == 0 && code[6] == 0 && code[7] == 0xef;
    bool thumb = code[1] == 0x27 && code[2] == 0 && code[3] == 0xdf;
    bool wide = code[0] == 0x4f && code[1] == 0xf0 && code[3] == 0x07 &&
                code[4] == 0 && code[5] == 0xdf;
    uint8_t number = code[wide ? 2 : 0];

    *at = number == 119 ? 0 : (intptr_t)sizeof(siginfo_t);
    return (arm || thumb || wide) && (number == 119 || number == 173);
}

#endif
