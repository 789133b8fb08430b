/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call frame information: from the bytes of an FDE and its CIE to the row of
 * rules that hold at a pc. Signal-safe; a corrupt table gives false, never a
 * fault or a loop.
 */
#ifndef SIGPROF_UNWIND_RULES_H
#define SIGPROF_UNWIND_RULES_H

#include "os/regs.h"
#include "unwind/dwarf.h"

#define RULES_COLUMNS REGS_COUNT
#define RULES_SAVED_MAX 4 /* remember_state; nothing in use goes beyond 1 */

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
