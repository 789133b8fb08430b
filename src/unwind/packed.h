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
 * There the return address is at CFA + ARCH_RA_AT. On CPUs with a link register:
 *
 *      bits  3..13   CFA minus sp or fp, in words
 *      bits 14..22   CFA minus where the caller's fp is saved, or 0
 *      bits 23..31   CFA + ARCH_RA_TOP minus where the return address is saved, in
 *                    words; 0: it is in the link register
 *
 * What a rule says of registers beside pc, sp and fp is left out: a later step
 * that needs one of them makes the walk begin again (exact.c).
 */
#ifndef SIGPROF_UNWIND_PACKED_H
#define SIGPROF_UNWIND_PACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"

enum packed_kind {
    PACKED_UNKNOWN = 0, /* no packed rule; never stored */
    PACKED_SP,          /* CFA is sp + n */
    PACKED_FP,          /* CFA is fp + n */
    PACKED_ROOT,        /* no caller */
    PACKED_EXACT,       /* a rule, but not of these */
    PACKED_NONE,        /* no rule: stubs, assembly */
    PACKED_SP_READ,     /* as PACKED_SP and PACKED_FP, but read from code, */
    PACKED_FP_READ      /* ... not from tables: a guess */
};

#define PACKED_KIND(rule) ((rule)&7u)
#if ARCH_LINK
#define PACKED_CFA_MAX 0x7ff
#define PACKED_FP_MAX 0x1ff
#define PACKED_RA_MAX 0x1ff
#define PACKED_FP_SHIFT 14
#define PACKED_RA_SHIFT 23
#define PACKED_RA_AT(rule)                                                     \
    (ARCH_RA_TOP - (intptr_t)((rule) >> PACKED_RA_SHIFT) * ARCH_WORD)
#define PACKED_IN_LINK(rule) ((rule) >> PACKED_RA_SHIFT == 0)
#else
#define PACKED_CFA_MAX 0x3fff
#define PACKED_FP_MAX 0x7fff
#define PACKED_FP_SHIFT 17
#define PACKED_RA_AT(rule) ((void)(rule), (intptr_t)ARCH_RA_AT)
#define PACKED_IN_LINK(rule) ((void)(rule), false)
#endif
#define PACKED_CFA_WORD (1u << 3)
#define PACKED_CFA(rule) (((rule) >> 3 & PACKED_CFA_MAX) * ARCH_WORD)
#define PACKED_FP_BELOW(rule)                                                  \
    (((rule) >> PACKED_FP_SHIFT & PACKED_FP_MAX) * ARCH_WORD)

/* Windows of registers (window.c): PACKED_FP is a function with one of its own, and
 * says no more; PACKED_SP with the link register is one without. */
static inline bool packed_is_window(uint32_t rule)
{
#ifdef ARCH_WINDOWS
    return PACKED_KIND(rule) == PACKED_FP || PACKED_IN_LINK(rule);
#else
    (void)rule;
    return false;
#endif
}

/* It says that there is no window, which is where tables begin: hand-written functions
 * may leave it at that. */
static inline bool packed_may_lie(uint32_t rule)
{
    return packed_is_window(rule) && PACKED_KIND(rule) == PACKED_SP;
}

struct rules_row;
struct rules_unit;

/* Where the return address is. */
struct packed_return {
    unsigned kind; /* enum rule_kind */
    int32_t at;    /* RULE_AT: from the CFA */
    unsigned column;
};

/* pack.c. Signal-safe. PACKED_SP or PACKED_FP with what belongs to it,
 * PACKED_EXACT if that does not fit. */
uint32_t sigprof__pack_simple(enum packed_kind kind, int32_t cfa,
                              int32_t fp_below, const struct packed_return *ra);

/* brief.c. Signal-safe. The rule at pc, from the instructions of its FDE;
 * PACKED_UNKNOWN: they have to be run (rules.h) and their row packed. */
uint32_t sigprof__brief(const struct rules_unit *unit, uintptr_t pc);

/* pack.c. Signal-safe. The rule of a row at pc. */
uint32_t sigprof__pack(const struct rules_row *row,
                       const struct rules_unit *unit, uintptr_t pc);

#endif
