/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: an .eh_frame_hdr with its .eh_frame behind it, as a module would
 * have them in memory. Every FDE that its table leads to is decoded, run at three
 * pcs, packed in both ways, which must agree, and its expressions are evaluated. Nothing may be read outside the
 * input (ASan sees to that), and everything has to end.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "objects-elf.h"
#include "unwind/packed.h"
#include "unwind/walker.h"

#define ROWS_MAX 256 /* per input; keeps a run short */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uintptr_t words[16];
static struct unwind_window window;
static struct unwind_stack stack = {.window = &window};
static struct regs_made context;
static struct unwind_walk walk = {.stack = &stack, .ucontext = &context.context};

static void evaluate(const struct rules_unit *unit, int32_t offset,
                     unsigned count)
{
    static const struct registers registers = {
        .value = {[6] = 64, [7] = 128}, .known = 0xffff};
    uint64_t operand[EXPRESSION_OPERANDS] = {0};
    struct dwarf_in in = {unit->base, unit->end, 0, false};
    struct memory memory;
    uintptr_t result;

    sigprof__memory_begin(&memory, &walk, (uintptr_t)words);
    dwarf_skip(&in, (uint32_t)offset);
    sigprof__expression(&in, &registers, &memory, operand, count, &result);
}

static void use_row(const struct rules_row *row, const struct rules_unit *unit,
                    uintptr_t pc)
{
    uint32_t rule = sigprof__brief(unit, pc);

    if (rule != PACKED_UNKNOWN && rule != sigprof__pack(row, unit, pc))
        abort();
    if (row->cfa_kind == RULE_IS_EXPRESSION)
        evaluate(unit, row->cfa_value, 0);
    for (unsigned i = 0; i < RULES_COLUMNS; i++) {
        if (row->kind[i] == RULE_AT_EXPRESSION ||
            row->kind[i] == RULE_IS_EXPRESSION)
            evaluate(unit, row->value[i], 1);
    }
}

static void use_address(const struct module *module, uintptr_t address)
{
    static struct rules rules;
    struct rules_unit unit;

    if (sigprof__cfi_find(module->cfi, address, &unit) != CFI_FOUND)
        return;
    const uintptr_t pcs[] = {unit.low, address,
                             unit.low + (unit.high - unit.low) / 2};
    for (unsigned i = 0; i < 3; i++) {
        if (sigprof__rules_run(&rules, &unit, pcs[i]))
            use_row(&rules.row, &unit, pcs[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *image = malloc(size ? size : 1); /* its own, for exact bounds */
    ElfW(Phdr) phdrs[2];
    struct object object = {0};
    struct module_cfi cfi;
    struct module module = {.cfi = &cfi};

    if (!image)
        return 0;
    memcpy(image, data, size);
    memset(phdrs, 0, sizeof phdrs);
    phdrs[0].p_type = PT_LOAD;
    phdrs[0].p_flags = PF_R;
    phdrs[0].p_memsz = size;
    phdrs[1].p_type = PT_GNU_EH_FRAME;
    object.bias = (uintptr_t)image;
    object.parts = phdrs;
    object.part_count = 2;
    walk.thread.low = (uintptr_t)words;
    walk.thread.high = (uintptr_t)(words + 16);
    sigprof__cfi_describe(&cfi, &object, NULL, 0);
    for (uint32_t i = 0; i < cfi.row_count && i < ROWS_MAX; i++) {
        int32_t pc;

        memcpy(&pc, cfi.rows + 8 * (size_t)i, sizeof pc);
        use_address(&module, cfi.rows_base + (uintptr_t)(intptr_t)pc);
        use_address(&module, cfi.rows_base + (uintptr_t)(intptr_t)pc + 7);
    }
    cfi.row_count = 0; /* and without its table */
    for (uintptr_t i = 0; i < 8; i++)
        use_address(&module, (uintptr_t)image + i * 0x1000);
    free(image);
    return 0;
}
