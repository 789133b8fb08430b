/* SPDX-License-Identifier: BSD-2-Clause */
/* From a row of CFI rules to a packed one; see packed.h. Signal-safe. */
#include "unwind/packed.h"
#include "unwind/rules.h"

/* Larger frames are exact: 128 KiB of x86-64's, 16 KiB where a rule has to say
 * more. */
#define CFA_MAX (PACKED_CFA_MAX * ARCH_WORD)
#define FP_MAX (PACKED_FP_MAX * ARCH_WORD)

static bool fits(int32_t value, int32_t max)
{
    return value >= 0 && value <= max && value % ARCH_WORD == 0;
}

/*
 * A lazily bound PLT is described by one expression for all of its stubs, which
 * push a word somewhere: sp + w + ((pc & 15) >= n ? w : 0). At a given pc that
 * is a plain offset. x86 only: elsewhere stubs leave the stack alone.
 */
static bool is_plt(const struct rules_row *row, const struct rules_unit *unit,
                   uintptr_t pc, int32_t *cfa)
{
    static const uint8_t plt[] = {
        11,   0x70 + REGS_SP, ARCH_WORD, 0x70 + REGS_PC, 0,    0x3f,
        0x1a, 0,              0x2a,      ARCH_WORD == 8 ? 0x33 : 0x32,
        0x24, 0x22};
    const uint8_t *bytes = unit->base + (uint32_t)row->cfa_value;
    unsigned after = 0;

    if ((uintptr_t)(unit->end - bytes) < sizeof plt)
        return false;
    for (unsigned i = 0; i < sizeof plt; i++) {
        if (i == 7) /* DW_OP_lit0 .. lit15: 11 in most linkers, 9 with IBT */
            after = bytes[i] - 0x30u;
        else if (bytes[i] != plt[i])
            return false;
    }
    if (after > 15)
        return false;
    *cfa = (pc & 15) >= after ? 2 * ARCH_WORD : ARCH_WORD;
    return true;
}

/* Where the return address is, as bits of a packed rule. */
static bool pack_return(const struct packed_return *ra, uint32_t *bits)
{
#if ARCH_LINK
    int32_t below = ARCH_RA_TOP - ra->at;

    *bits = 0;
    if (ra->kind == RULE_SAME)
        return ra->column == REGS_LINK;
    if (ra->kind != RULE_AT || below <= 0 ||
        !fits(below, PACKED_RA_MAX * ARCH_WORD))
        return false;
    *bits = (uint32_t)(below / ARCH_WORD) << PACKED_RA_SHIFT;
    return true;
#else
    *bits = 0;
    return ra->kind == RULE_AT && ra->at == ARCH_RA_AT;
#endif
}

uint32_t sigprof__pack_simple(enum packed_kind kind, int32_t cfa,
                              int32_t fp_below, const struct packed_return *ra)
{
    uint32_t bits;

    if (!pack_return(ra, &bits) || !fits(cfa, CFA_MAX) ||
        !fits(fp_below, FP_MAX))
        return PACKED_EXACT;
    return (uint32_t)kind | (uint32_t)(cfa / ARCH_WORD) << 3 |
           (uint32_t)(fp_below / ARCH_WORD) << PACKED_FP_SHIFT | bits;
}

/* Is the caller's sp the one that goes with the CFA? Where it is saved it is, as
 * s390x does: nothing else makes sense. */
static bool has_usual_sp(const struct rules_row *row)
{
    return row->kind[REGS_SP] == RULE_SAME ||
           (ARCH_CFA_SP != 0 && row->kind[REGS_SP] == RULE_AT);
}

#ifdef ARCH_WINDOWS
/* Has the function a window of its own, and nothing that is unusual? */
static bool is_window(const struct rules_row *row, unsigned ra_column)
{
    return row->cfa_kind == RULE_REGISTER && row->cfa_register == REGS_FP &&
           row->cfa_value == 0 && row->kind[ra_column] == RULE_REGISTER &&
           row->value[ra_column] == ARCH_WINDOW_LAST &&
           row->kind[REGS_FP] == RULE_AT &&
           row->value[REGS_FP] == ARCH_WINDOW_FP;
}
#endif

uint32_t sigprof__pack(const struct rules_row *row,
                       const struct rules_unit *unit, uintptr_t pc)
{
    enum packed_kind kind = PACKED_EXACT;
    int32_t cfa = row->cfa_value;
    int32_t fp_below = 0;
    struct packed_return ra = {row->kind[unit->ra_column],
                               row->value[unit->ra_column], unit->ra_column};

    if (ra.kind == RULE_UNDEFINED)
        return PACKED_ROOT;
    if (unit->signal || !has_usual_sp(row) || rules_serve_landing(row))
        return PACKED_EXACT;
#ifdef ARCH_WINDOWS
    if (is_window(row, unit->ra_column))
        return PACKED_FP;
    if (row->cfa_register == REGS_FP)
        return PACKED_EXACT;
#endif
    if (row->cfa_kind == RULE_IS_EXPRESSION) {
        if (is_plt(row, unit, pc, &cfa))
            kind = PACKED_SP;
    } else if (row->cfa_register == REGS_SP) {
        kind = PACKED_SP;
    } else if (row->cfa_register == REGS_FP) {
        kind = PACKED_FP;
    }
    if (row->kind[REGS_FP] == RULE_AT)
        fp_below = -row->value[REGS_FP];
    else if (row->kind[REGS_FP] != RULE_SAME)
        return PACKED_EXACT;
    if (kind == PACKED_EXACT || (row->kind[REGS_FP] == RULE_AT && fp_below == 0))
        return PACKED_EXACT;
    return sigprof__pack_simple(kind, cfa, fp_below, &ra);
}
