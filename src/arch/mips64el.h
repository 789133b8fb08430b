/* SPDX-License-Identifier: BSD-2-Clause */
/* mips64el; the n64 ABI. arch.h says what each means. No chain: code keeps fp
 * only where its frame has no fixed size. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/frame-code.h"

#define ARCH_WORD 8
#define ARCH_LINK 1
#define ARCH_RA_TOP 0
#define ARCH_CFA_SP 0
#define ARCH_BACKCHAIN 0
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 8
#define ARCH_RECORD_END 16
#define ARCH_RECORD_IS_LOW 1
#define ARCH_STACK_ALIGN 8 /* 16, but not under qemu-user's signals */
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 8 /* the call and what is done in its delay */

#define ARCH_CODE_UNIT 4
#define ARCH_CODE_BYTES 4 /* that the three look at */
#define ARCH_ROOT_BYTES 12

static inline uint32_t arch_word(const uint8_t *code)
{
    return (uint32_t)code[0] | (uint32_t)code[1] << 8 |
           (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;
}

static inline bool arch_frame_begins(const uint8_t *code)
{
    return (arch_word(code) & 0xffff8000) == 0x67bd8000; /* daddiu sp, sp, -n */
}

static inline bool arch_is_return(const uint8_t *code)
{
    uint32_t word = arch_word(code);

    return word == 0x03e00008 || /* jr ra */
           word == 0x03200008;   /* jr t9: to another function */
}

static inline unsigned arch_frame_read(const uint8_t *code,
                                       struct arch_frame_made *made)
{
    uint32_t word = arch_word(code);
    int operand = (int16_t)word;

    if (word >> 26 == 3 || (word & 0xfc00003e) == 0x00000008)
        return 0; /* jal; jr, jalr */
    if (word >> 16 == 0x67bd)
        made->bytes -= operand;
    else if ((word & 0xfc1f0000) == 0xdc1d0000) /* ld sp: swapcontext has left */
        made->bytes = 0;
    else if (word >> 16 == 0xffbf) /* sd ra, n(sp) */
        made->ra_at = operand - made->bytes;
    else if (word >> 16 == 0xffbe) /* sd s8, n(sp) */
        made->fp_at = operand - made->bytes;
    else if (word == 0x03a0f025 || word == 0x03a0f02d) { /* move s8, sp */
        made->fp_below = made->bytes;
        made->has_fp = true;
    }
    return 4;
}

/* move gp, s1; beqz s0; move a0, zero: glibc's makecontext has put its address where
 * the stack's first function returns to. */
static inline bool arch_is_root(const uint8_t code[ARCH_ROOT_BYTES])
{
    return arch_word(code) == 0x0220e025 &&
           arch_word(code + 4) >> 16 == 0x1200 &&
           arch_word(code + 8) == 0x00002025;
}

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    uint32_t word = (uint32_t)code[0] | (uint32_t)code[1] << 8 |
                    (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;

    return word >> 26 == 3 ||                   /* jal */
           (word & 0xfc1f07ff) == 0x00000009 || /* jalr */
           (word & 0xfc1e0000) == 0x04100000;   /* bltzal, bgezal */
}

#endif
