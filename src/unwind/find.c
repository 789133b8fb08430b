/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to its FDE, by the sorted table of .eh_frame_hdr, or, where a
 * linker left that out, from one FDE to the next. Signal-safe.
 */
#include "unwind/walker.h"

#define LINEAR_MAX 4096 /* FDEs looked at without a table: about 0.1 ms */

/* One row of the table, relative to its base: where a function begins, and where
 * its FDE is. */
static int32_t row_pc(const struct module_cfi *cfi, uint32_t index)
{
    return (int32_t)dwarf_load(cfi->rows + 8 * (uintptr_t)index, 4);
}

static int32_t row_fde(const struct module_cfi *cfi, uint32_t index)
{
    return (int32_t)dwarf_load(cfi->rows + 8 * (uintptr_t)index + 4, 4);
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

/*
 * The last row at or below an address. In a signal every probe is a cache miss,
 * and a large program would make 17 of them by halving. Functions lie about
 * evenly, so the place is estimated from where the last probe was, a few times
 * over; from there to the wanted row it is a few rows, on one or two lines. A
 * table that is not even costs more probes, one that is not sorted gives a wrong
 * row that its FDE gives away.
 */
struct bracket {
    uint32_t low; /* row[low].pc <= wanted < row[high].pc; */
    uint32_t high; /* ... there may be no row high */
};

/* true: row number at begins at or below wanted. */
static bool probe(const struct module_cfi *cfi, struct bracket *bracket,
                  uint32_t at, int32_t wanted, int32_t *pc)
{
    *pc = row_pc(cfi, at);
    if (*pc <= wanted)
        bracket->low = at;
    else
        bracket->high = at;
    return *pc <= wanted;
}

/* The row by bytes from row number at, where rows lie evenly; in the bracket. */
static uint32_t estimate(const struct module_cfi *cfi,
                         const struct bracket *bracket, uint32_t at,
                         int64_t bytes)
{
    int64_t to = (int64_t)at + (bytes * (int64_t)cfi->rows_per_byte >> 32);

    if (to <= (int64_t)bracket->low)
        return bracket->low + 1;
    return to < (int64_t)bracket->high ? (uint32_t)to : bracket->high - 1;
}

/* wanted is at or above row 0. */
static uint32_t find_row(const struct module_cfi *cfi, int32_t wanted)
{
    struct bracket bracket = {0, cfi->row_count};
    uint32_t at = 0;
    int32_t pc = cfi->first_pc;
    bool rose = true;

    for (int i = 0; i < 3 && bracket.high - bracket.low > 8; i++) {
        at = estimate(cfi, &bracket, at, (int64_t)wanted - pc);
        rose = probe(cfi, &bracket, at, wanted, &pc);
    }
    for (uint32_t step = 1; bracket.high - bracket.low > 2 * step; step *= 2) {
        at = rose ? bracket.low + step : bracket.high - step;
        if (probe(cfi, &bracket, at, wanted, &pc) != rose)
            break;
    }
    while (bracket.high - bracket.low > 1)
        probe(cfi, &bracket, bracket.low + (bracket.high - bracket.low) / 2,
              wanted, &pc);
    return bracket.low;
}

static enum cfi_found search(const struct module_cfi *cfi, uintptr_t address,
                             struct rules_unit *unit)
{
    intptr_t wanted = (intptr_t)(address - cfi->rows_base);
    int32_t fde;

    if (wanted != (int32_t)wanted || wanted < cfi->first_pc)
        return CFI_NO_RULE;
    fde = row_fde(cfi, find_row(cfi, (int32_t)wanted));
    if (!decode(cfi, cfi->rows_base + (uintptr_t)(intptr_t)fde, unit) ||
        !covers(unit, address))
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

enum cfi_found sigprof__cfi_find(const struct module_cfi *cfi,
                                 uintptr_t address, struct rules_unit *unit)
{
    if (!cfi || !cfi->frames)
        return CFI_NO_RULE;
    return cfi->row_count ? search(cfi, address, unit) : scan(cfi, address, unit);
}

bool sigprof__unwind_has_rule(const struct module *module, uintptr_t pc)
{
    struct rules_unit unit;

    return sigprof__cfi_find(module->cfi, pc, &unit) == CFI_FOUND;
}
