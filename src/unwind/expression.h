/* SPDX-License-Identifier: BSD-2-Clause */
/* DWARF expressions as they occur in call frame information. Signal-safe. */
#ifndef SIGPROF_UNWIND_EXPRESSION_H
#define SIGPROF_UNWIND_EXPRESSION_H

#include "unwind/memory.h"
#include "unwind/rules.h"

#define EXPRESSION_OPERANDS 16 /* what is in use goes to 5 */

/* Registers of a frame, by DWARF number, as far as they are known. */
struct registers {
    uintptr_t value[RULES_COLUMNS];
    uint64_t known; /* a bit for each */
    bool exact;     /* the pc was interrupted; it is no return address */
};

enum expression_result {
    EXPRESSION_OK,
    EXPRESSION_UNKNOWN, /* a register that is not known would be needed */
    EXPRESSION_BAD
};

/*
 * Signal-safe. Evaluates the expression at in, which begins with its length.
 * operand is scratch for EXPRESSION_OPERANDS; its first, if count is 1, is on
 * the expression's stack already (the CFA).
 */
enum expression_result sigprof__expression(const struct dwarf_in *in,
                                           const struct registers *registers,
                                           struct memory *memory,
                                           uint64_t *operand, unsigned count,
                                           uintptr_t *result);

#endif
