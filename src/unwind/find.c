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

/*
 * The last row at or below an address. In a signal every probe is a cache miss,
 * and a large program would make 17 of them by halving. Functions lie about
 * evenly, so the place is estimated, four times over; that leaves a few rows to
 * be halved, on one or two lines. A table that is not even costs some probes
 * more, one that is not sorted gives a wrong row that its FDE gives away.
 */
struct bracket {
    uint32_t low; /* row[low].pc <= wanted < row[high].pc */
    uint32_t high;
    int32_t low_pc;
    int32_t high_pc;
    bool rose; /* low was the one to move last: the place is close to it */
};

static void probe(const struct module_cfi *cfi, struct bracket *bracket,
                  int32_t wanted, uint32_t at)
{
    int32_t pc = row_at(cfi, at).pc;

    bracket->rose = pc <= wanted;
    if (bracket->rose) {
        bracket->low = at;
        bracket->low_pc = pc;
    } else {
        bracket->high = at;
        bracket->high_pc = pc;
    }
}

static uint32_t estimate(const struct bracket *bracket, int32_t wanted)
{
    uint64_t above = (uint32_t)wanted - (uint32_t)bracket->low_pc;
    uint64_t span = (uint32_t)bracket->high_pc - (uint32_t)bracket->low_pc;
    uint32_t rows = bracket->high - bracket->low;
    uint64_t at = span == 0 ? 0 : above * rows / span;

    if (at == 0)
        return bracket->low + 1;
    return at >= rows ? bracket->high - 1 : bracket->low + (uint32_t)at;
}

static uint32_t find_row(const struct module_cfi *cfi, int32_t wanted)
{
    struct bracket bracket = {.high = cfi->row_count - 1};

    bracket.low_pc = row_at(cfi, 0).pc;
    bracket.high_pc = row_at(cfi, bracket.high).pc;
    if (wanted >= bracket.high_pc)
        return bracket.high;
    for (int i = 0; i < 4 && bracket.high - bracket.low > 16; i++)
        probe(cfi, &bracket, wanted, estimate(&bracket, wanted));
    for (uint32_t step = 8; bracket.high - bracket.low > 2 * step; step *= 4) {
        bool rose = bracket.rose;

        probe(cfi, &bracket, wanted,
              rose ? bracket.low + step : bracket.high - step);
        if (bracket.rose != rose)
            break;
    }
    while (bracket.high - bracket.low > 1)
        probe(cfi, &bracket, wanted,
              bracket.low + (bracket.high - bracket.low) / 2);
    return bracket.low;
}

static enum cfi_found search(const struct module_cfi *cfi, uintptr_t address,
                             struct rules_unit *unit)
{
    intptr_t wanted = (intptr_t)(address - cfi->rows_base);
    struct row row;

    if (wanted != (int32_t)wanted || wanted < row_at(cfi, 0).pc)
        return CFI_NO_RULE;
    row = row_at(cfi, find_row(cfi, (int32_t)wanted));
    if (!decode(cfi, cfi->rows_base + (uintptr_t)(intptr_t)row.fde, unit) ||
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

enum cfi_found sigprof__cfi_find(const struct module *module, uintptr_t address,
                                 struct rules_unit *unit)
{
    const struct module_cfi *cfi = module->cfi;

    if (!cfi || !cfi->frames)
        return CFI_NO_RULE;
    return cfi->row_count ? search(cfi, address, unit) : scan(cfi, address, unit);
}
