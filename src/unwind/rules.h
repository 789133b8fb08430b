/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call frame information: from the bytes of an FDE and its CIE to the row of
 * rules that hold at a pc. Signal-safe; a corrupt table gives false, never a
 * fault or a loop.
 */
#ifndef SIGPROF_UNWIND_RULES_H
#define SIGPROF_UNWIND_RULES_H

#include "arch/arch.h"
#include "os/regs.h"
#include "unwind/dwarf.h"

#define RULES_COLUMNS REGS_COUNT
#define RULES_SAVED_MAX 4 /* remember_state; nothing in use goes beyond 1 */

/* DW_CFA_..., by the names that DWARF gives them. */
enum cfa_op {
    CFA_NOP = 0x00,
    CFA_SET_LOC = 0x01,
    CFA_ADVANCE_LOC1 = 0x02,
    CFA_ADVANCE_LOC2 = 0x03,
    CFA_ADVANCE_LOC4 = 0x04,
    CFA_OFFSET_EXTENDED = 0x05,
    CFA_RESTORE_EXTENDED = 0x06,
    CFA_UNDEFINED = 0x07,
    CFA_SAME_VALUE = 0x08,
    CFA_REGISTER = 0x09,
    CFA_REMEMBER_STATE = 0x0a,
    CFA_RESTORE_STATE = 0x0b,
    CFA_DEF_CFA = 0x0c,
    CFA_DEF_CFA_REGISTER = 0x0d,
    CFA_DEF_CFA_OFFSET = 0x0e,
    CFA_DEF_CFA_EXPRESSION = 0x0f,
    CFA_EXPRESSION = 0x10,
    CFA_OFFSET_EXTENDED_SF = 0x11,
    CFA_DEF_CFA_SF = 0x12,
    CFA_DEF_CFA_OFFSET_SF = 0x13,
    CFA_VAL_OFFSET = 0x14,
    CFA_VAL_OFFSET_SF = 0x15,
    CFA_VAL_EXPRESSION = 0x16,
    CFA_AARCH64_NEGATE_RA_STATE = 0x2d, /* signed or not: it is stripped */
    CFA_GNU_WINDOW_SAVE = 0x2d,         /* SPARC's */
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_GNU_NEGATIVE_OFFSET = 0x2f,
    CFA_ADVANCE_LOC = 0x40, /* these three hold their operand in 6 bits */
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0
};

enum rule_kind {
    RULE_SAME = 0, /* the caller's value is what the register holds */
    RULE_UNDEFINED,
    RULE_AT,            /* saved at CFA + value */
    RULE_IS,            /* is CFA + value */
    RULE_REGISTER,      /* is in register number value */
    RULE_AT_EXPRESSION, /* saved where the expression says */
    RULE_IS_EXPRESSION  /* is what the expression says */
};

/* Rules at one pc. An expression is named by its offset from the unit's base,
 * where its length stands. The CFA is RULE_REGISTER (plus cfa_value) or
 * RULE_IS_EXPRESSION. */
struct rules_row {
    int32_t value[RULES_COLUMNS];
    int32_t cfa_value;
    uint8_t kind[RULES_COLUMNS];
    uint8_t cfa_kind;
    uint8_t cfa_register;
};

/* Is it a register in which an exception's landing gets its arguments? */
static inline bool rules_serves_landing(unsigned column)
{
#ifdef ARCH_LANDING
    return column < 32 && (ARCH_LANDING >> column & 1) != 0;
#else
    (void)column;
    return false;
#endif
}

/* Is the row one of a function that makes exceptions land? It alone saves those
 * registers. */
static inline bool rules_serve_landing(const struct rules_row *row)
{
    unsigned saved = 0;

    for (unsigned i = 0; i < RULES_COLUMNS; i++)
        saved += rules_serves_landing(i) && row->kind[i] == RULE_AT;
    return saved == 2;
}

/* ... before it does so; or while it does, when fp and the return address are the
 * landing's. */
static inline bool rules_will_land(const struct rules_row *row)
{
    return rules_serve_landing(row) && row->kind[REGS_FP] == RULE_AT;
}
static inline bool rules_land(const struct rules_row *row)
{
    return rules_serve_landing(row) && row->kind[REGS_FP] == RULE_SAME;
}

/* The row being made, and those it may go back to. */
struct rules {
    struct rules_row row;
    struct rules_row initial;
    struct rules_row saved[RULES_SAVED_MAX];
};

/* One FDE with what its CIE says, decoded as far as the instructions. */
struct rules_unit {
    const uint8_t *base; /* every byte of it lies in [base, end) */
    const uint8_t *end;
    uintptr_t low; /* the code it is for */
    uintptr_t high;
    struct dwarf_in initial; /* instructions of the CIE */
    struct dwarf_in program; /* ... of the FDE */
    int32_t data_align;
    uint32_t code_align;
    uint8_t ra_column;
    uint8_t encoding; /* of addresses */
    bool augmented;
    bool signal; /* the caller was interrupted; its pc is exact */
};

/*
 * Signal-safe. Where the CIE of the FDE at *fde lies, and where the FDE's body
 * does; fde is moved behind its CIE pointer. false: no FDE.
 */
bool sigprof__rules_fde_head(struct dwarf_in *fde, uintptr_t *cie_address);

/* Signal-safe. Decodes the CIE that unit->initial is at; leaves that at its
 * instructions. */
bool sigprof__rules_cie(struct rules_unit *unit);

/* Signal-safe. Decodes the FDE that unit->program is at, as fde_head left it;
 * after its CIE. */
bool sigprof__rules_fde(struct rules_unit *unit);

/* Signal-safe. Runs the instructions up to pc; the result is rules->row. */
bool sigprof__rules_run(struct rules *rules, const struct rules_unit *unit,
                        uintptr_t pc);

#endif
