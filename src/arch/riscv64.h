/* SPDX-License-Identifier: BSD-2-Clause */
/* riscv64; RISC-V ELF psABI. arch.h says what each means. */
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
#define ARCH_RECORD_FP (-16)
#define ARCH_RECORD_PC (-8)
#define ARCH_RECORD_END 0
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 16
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 4

#define ARCH_CODE_UNIT 2
#define ARCH_CODE_BYTES 4 /* that the three look at */

/* A compressed instruction has 0 for its upper half. */
static inline uint32_t arch_word(const uint8_t *code)
{
    uint32_t half = (uint32_t)code[0] | (uint32_t)code[1] << 8;

    return (half & 3) != 3
               ? half
               : half | (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;
}

/* What an instruction adds to sp: addi, c.addi, c.addi16sp. */
static inline int arch_sp_change(uint32_t word)
{
    int change;

    if ((word & 0xfffff) == 0x10113)
        return (int32_t)word >> 20;
    if ((word & 0xef83) == 0x0101 && word <= 0xffff && (word & 0x107c)) {
        change = (int)(word >> 2 & 31) | ((word & 0x1000) ? -32 : 0);
        return change;
    }
    if ((word & 0xef83) != 0x6101 || word > 0xffff)
        return 0;
    change = (int)((word >> 6 & 1) << 4 | (word >> 2 & 1) << 5 |
                   (word >> 5 & 1) << 6 | (word >> 3 & 3) << 7);
    return change | ((word & 0x1000) ? -512 : 0);
}

static inline bool arch_frame_begins(const uint8_t *code)
{
    return arch_sp_change(arch_word(code)) < 0;
}

static inline bool arch_is_return(const uint8_t *code)
{
    uint32_t word = arch_word(code);

    return word == 0x8082 || word == 0x8067 ||
           word == 0xe0367 || word == 0xe0067; /* a stub's of the PLT */
}

/* sd or c.sdsp: the register, and *at, from sp; 0: another instruction */
static inline unsigned arch_stored(uint32_t word, int *at)
{
    if ((word & 0x000ff07f) == 0x00013023) {
        *at = (int)((word >> 25 & 0x7f) << 5 | (word >> 7 & 31));
        return word >> 20 & 31;
    }
    if ((word & 0xe003) == 0xe002 && word <= 0xffff) {
        *at = (int)((word >> 10 & 7) << 3 | (word >> 7 & 7) << 6);
        return word >> 2 & 31;
    }
    return 0;
}

static inline unsigned arch_frame_read(const uint8_t *code,
                                       struct arch_frame_made *made)
{
    uint32_t word = arch_word(code);
    int at = 0;
    unsigned stored = arch_stored(word, &at);

    if ((word & 0x7f) == 0x6f || (word & 0x7f) == 0x67 ||
        ((word & 0xe003) == 0xa001 && word <= 0xffff) ||
        ((word & 0xe07f) == 0x8002 && word <= 0xffff))
        return 0; /* jal, jalr, c.j, c.jr, c.jalr */
    made->bytes -= arch_sp_change(word);
    if (stored == 1)
        made->ra_at = at - made->bytes;
    else if (stored == 8)
        made->fp_at = at - made->bytes;
    else if ((word & 0xfffff) == 0x10413) { /* addi s0, sp, n */
        made->fp_below = made->bytes - ((int32_t)word >> 20);
        made->has_fp = true;
    } else if ((word & 0xe01f) == 0x0000 && word && word <= 0xffff) {
        /* c.addi4spn s0, n */
        made->fp_below =
            made->bytes - (int)((word >> 6 & 1) << 2 | (word >> 5 & 1) << 3 |
                                (word >> 11 & 3) << 4 | (word >> 7 & 15) << 6);
        made->has_fp = true;
    }
    return word <= 0xffff ? 2 : 4;
}

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    uint32_t half = (uint32_t)code[2] | (uint32_t)code[3] << 8;
    uint32_t word = (uint32_t)code[0] | (uint32_t)code[1] << 8 | half << 16;

    return (word & 0xfff) == 0x0ef ||  /* jal ra */
           (word & 0x7fff) == 0x0e7 || /* jalr ra */
           ((half & 0xf07f) == 0x9002 && (half & 0xf80)); /* c.jalr */
}

#endif
