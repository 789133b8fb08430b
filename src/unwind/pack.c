/* SPDX-License-Identifier: BSD-2-Clause */
/* From a row of CFI rules to a packed one; see packed.h. Signal-safe. */
#include "unwind/packed.h"
#include "unwind/rules.h"

#define CFA_MAX (0x3fff * ARCH_WORD) /* 128 KiB: larger frames are exact */
#define FP_MAX (0x7fff * ARCH_WORD)

static uint32_t packed(enum packed_kind kind, int32_t cfa, int32_t fp_below)
{
    return (uint32_t)kind | (uint32_t)(cfa / ARCH_WORD) << 3 |
           (uint32_t)(fp_below / ARCH_WORD) << 17;
}

static bool fits(int32_t value, int32_t max)
{
    return value >= 0 && value <= max && value % ARCH_WORD == 0;
}

/*
 * A lazily bound PLT is described by one expression for all of its stubs, which
 * push a word somewhere: sp + 8 + ((pc & 15) >= n ? 8 : 0). At a given pc that
 * is a plain offset.
 */
static bool is_plt(const struct rules_row *row, const struct rules_unit *unit,
                   uintptr_t pc, int32_t *cfa)
{
    static const uint8_t plt[] = {11,   0x77, 8,    0x80, 0,    0x3f,
                                  0x1a, 0,    0x2a, 0x33, 0x24, 0x22};
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
    *cfa = (pc & 15) >= after ? 16 : 8;
    return true;
}

uint32_t sigprof__pack(const struct rules_row *row,
                       const struct rules_unit *unit, uintptr_t pc)
{
    enum packed_kind kind = PACKED_EXACT;
    int32_t cfa = row->cfa_value;
    int32_t fp_below = 0;

    if (row->kind[unit->ra_column] == RULE_UNDEFINED)
        return PACKED_ROOT;
    if (unit->signal || row->kind[unit->ra_column] != RULE_AT ||
        row->value[unit->ra_column] != ARCH_RA_AT ||
        row->kind[REGS_DWARF_SP] != RULE_SAME)
        return PACKED_EXACT;
    if (row->cfa_kind == RULE_IS_EXPRESSION) {
        if (is_plt(row, unit, pc, &cfa))
            kind = PACKED_SP;
    } else if (row->cfa_register == REGS_DWARF_SP) {
        kind = PACKED_SP;
    } else if (row->cfa_register == REGS_DWARF_FP) {
        kind = PACKED_FP;
    }
    if (row->kind[REGS_DWARF_FP] == RULE_AT)
        fp_below = -row->value[REGS_DWARF_FP];
    else if (row->kind[REGS_DWARF_FP] != RULE_SAME)
        return PACKED_EXACT;
    if (kind == PACKED_EXACT || !fits(cfa, CFA_MAX) || !fits(fp_below, FP_MAX) ||
        (row->kind[REGS_DWARF_FP] == RULE_AT && fp_below == 0))
        return PACKED_EXACT;
    return packed(kind, cfa, fp_below);
}
