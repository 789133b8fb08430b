/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to its FDE, by the sorted table of .eh_frame_hdr, or, where a
 * linker left that out, from one FDE to the next. Signal-safe.
 */
#include "unwind/walker.h"

#define LINEAR_MAX 4096 /* FDEs looked at without a table: about 0.1 ms */

struct row {
    int32_t pc;
    int32_t fde;
};

static struct row row_at(const struct module_cfi *cfi, uint32_t index)
{
    struct dwarf_in in = {cfi->rows + 8 * (uintptr_t)index,
                          cfi->rows + 8 * (uintptr_t)index + 8, 0, false};
    struct row row;

    row.pc = (int32_t)dwarf_fixed(&in, 4);
    row.fde = (int32_t)dwarf_fixed(&in, 4);
    return row;
}

static void frames_from(const struct module_cfi *cfi, uintptr_t address,
                        struct dwarf_in *in)
{
    in->at = cfi->frames;
    in->end = cfi->frames_end;
    in->delta = cfi->delta;
    in->bad = false;
    dwarf_skip(in, address - cfi->delta - (uintptr_t)cfi->frames);
}

/* Decodes the FDE at address with its CIE. */
static bool decode(const struct module_cfi *cfi, uintptr_t address,
                   struct rules_unit *unit)
{
    uintptr_t cie_address;

    frames_from(cfi, address, &unit->program);
    if (!sigprof__rules_fde_head(&unit->program, &cie_address))
        return false;
    frames_from(cfi, cie_address, &unit->initial);
    return sigprof__rules_cie(unit) && sigprof__rules_fde(unit);
}

static bool covers(const struct rules_unit *unit, uintptr_t address)
{
    return address - unit->low < unit->high - unit->low;
}

static enum cfi_found search(const struct module_cfi *cfi, uintptr_t address,
                             struct rules_unit *unit)
{
    intptr_t wanted = (intptr_t)(address - cfi->rows_base);
    uint32_t low = 0;
    uint32_t high = cfi->row_count;
    uintptr_t fde;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (row_at(cfi, middle).pc <= wanted)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return CFI_NO_RULE;
    fde = cfi->rows_base + (uintptr_t)(intptr_t)row_at(cfi, low - 1).fde;
    if (!decode(cfi, fde, unit) || !covers(unit, address))
        return CFI_NO_RULE;
    return CFI_FOUND;
}

static enum cfi_found scan(const struct module_cfi *cfi, uintptr_t address,
                           struct rules_unit *unit)
{
    struct dwarf_in in = {cfi->frames, cfi->frames_end, cfi->delta, false};

    for (int i = 0; i < LINEAR_MAX && dwarf_left(&in) >= 4; i++) {
        uintptr_t here = dwarf_address(&in);
        uint64_t length = dwarf_fixed(&in, 4);

        if (length == 0xffffffffu)
            length = dwarf_fixed(&in, 8);
        if (length == 0)
            break;
        dwarf_skip(&in, length);
        if (!in.bad && decode(cfi, here, unit) && covers(unit, address))
            return CFI_FOUND;
    }
    return CFI_NO_RULE;
}

enum cfi_found sigprof__cfi_find(const struct module *module, uintptr_t address,
                                 struct rules_unit *unit)
{
    const struct module_cfi *cfi = module->cfi;

    if (!cfi || !cfi->frames)
        return CFI_NO_RULE;
    return cfi->rows ? search(cfi, address, unit) : scan(cfi, address, unit);
}
