/* SPDX-License-Identifier: BSD-2-Clause */
/* s390x; s390x ELF ABI supplement. arch.h says what each means. The 160 bytes
 * above sp belong to the callee, which keeps registers there; the chain is there
 * only in code built with -mbackchain. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/frame-code.h"

#define ARCH_WORD 8
#define ARCH_LINK 1
#define ARCH_RA_TOP 0
#define ARCH_CFA_SP 160
#define ARCH_BACKCHAIN 1
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 112
#define ARCH_RECORD_END 0
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 8
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 6

/* The start-up code that is linked into each library has no tables. */
#define ARCH_CODE_UNIT 2
#define ARCH_CODE_BYTES 6 /* that the three look at */

/* stmg and lmg of registers up to sp, on the stack: the first one, or 16. */
static inline unsigned arch_saved_from(const uint8_t *code, unsigned operation)
{
    return code[0] == 0xeb && (code[1] & 15) == 15 && code[2] >> 4 == 15 &&
                   code[4] == 0 && code[5] == operation
               ? code[1] >> 4
               : 16u;
}

static inline bool arch_frame_begins(const uint8_t *code)
{
    return arch_saved_from(code, 0x24) <= 14; /* stmg */
}

static inline bool arch_is_return(const uint8_t *code)
{
    return code[0] == 0x07 && code[1] >> 4 == 15; /* br */
}

/* What an instruction adds to sp: aghi, lay. */
static inline int arch_sp_change(const uint8_t *code)
{
    if (code[0] == 0xa7 && code[1] == 0xfb)
        return (int16_t)((unsigned)code[2] << 8 | code[3]);
    if (code[0] == 0xe3 && code[1] == 0xf0 && code[2] >> 4 == 15 &&
        code[5] == 0x71)
        return (int8_t)code[4] * 4096 +
               (int)((unsigned)(code[2] & 15) << 8 | code[3]);
    return 0;
}

static inline unsigned arch_frame_read(const uint8_t *code,
                                       struct arch_frame_made *made)
{
    static const unsigned char lengths[] = {2, 4, 4, 6};
    unsigned saved = arch_saved_from(code, 0x24);
    int at = (int)((unsigned)(code[2] & 15) << 8 | code[3]) - made->bytes;

    if (arch_is_return(code) || code[0] == 0x0d ||
        (code[0] == 0xa7 && ((code[1] & 15) == 5 || code[1] == 0xf4)) ||
        (code[0] == 0xc0 && ((code[1] & 15) == 5 || code[1] == 0xf4)))
        return 0; /* br; basr; bras, j; brasl, jg */
    made->bytes -= arch_sp_change(code);
    if (saved <= 14)
        made->ra_at = at + (int)(14 - saved) * ARCH_WORD;
    if (saved <= 11)
        made->fp_at = at + (int)(11 - saved) * ARCH_WORD;
    if (arch_saved_from(code, 0x04) <= 14) /* lmg */
        made->bytes = 0;
    if (code[0] == 0xb9 && code[1] == 0x04 && code[3] == 0xbf) { /* lgr r11, sp */
        made->fp_below = made->bytes;
        made->has_fp = true;
    }
    return lengths[code[0] >> 6];
}

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    return (code[0] == 0xc0 && (code[1] & 15) == 5) || /* brasl */
           (code[2] == 0xa7 && (code[3] & 15) == 5) || /* bras */
           code[4] == 0x0d;                            /* basr */
}

#endif
