/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed rules: how one frame is stepped, in 32 bits. 99 % of the rows of all
 * objects looked at (99.9999 % of libLLVM's, 98.97 % of libcrypto's) fit.
 *
 *      bits  0.. 2   enum packed_kind
 *      bits  3..16   CFA minus sp or fp, in words
 *      bits 17..31   CFA minus where the caller's fp is saved, in words;
 *                    0: fp is unchanged
 *
 * The return address is at CFA + ARCH_RA_AT. What a rule says of registers
 * beside pc, sp and fp is left out: a later step that needs one of them makes
 * the walk begin again (exact.c).
 */
#ifndef SIGPROF_UNWIND_PACKED_H
#define SIGPROF_UNWIND_PACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"

enum packed_kind {
    PACKED_UNKNOWN = 0, /* never stored */
    PACKED_SP,          /* CFA is sp + n */
    PACKED_FP,          /* CFA is fp + n */
    PACKED_ROOT,        /* no caller */
    PACKED_EXACT,       /* a rule, but not of these */
    PACKED_NONE         /* no rule: stubs, assembly */
};

#define PACKED_KIND(rule) ((rule)&7u)
#define PACKED_CFA(rule) (((rule) >> 3 & 0x3fffu) * ARCH_WORD)
#define PACKED_FP_BELOW(rule) (((rule) >> 17) * ARCH_WORD)

struct rules_row;
struct rules_unit;

/* pack.c. Signal-safe. The rule of a row at pc. */
uint32_t sigprof__pack(const struct rules_row *row,
                       const struct rules_unit *unit, uintptr_t pc);

#endif
