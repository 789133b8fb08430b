/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pass over the DIEs of a unit, from first to last, for those with code
 * that covers an address. What is not code is stepped over.
 *
 * A function is above what is inlined into it, so an address's chain grows at
 * its end: found[i].hit is the innermost so far. A stack of the DIEs that were
 * hit and are not closed yet says whether a DIE is inside of it.
 *
 * The quick pass leaves out what is below a type or a function without a hit,
 * where the compiler says where the next begins (gcc does). Functions can hide
 * there: those of local classes, nested ones. So where an address of the unit
 * stays without a function, the thorough pass looks at everything.
 */
#include "dwarf_forms.h"
#include "dwarf_impl.h"

#define MOST_OPEN                                                              \
    512 /* functions inlined in one another; gcc stops far below */

struct open_hit {
    uint32_t depth, hit;
};

struct scan {
    struct sym_dwarf *dwarf;
    struct dw_unit *unit;
    struct dw_cursor c;
    const uint8_t *base; /* of the section */
    uint32_t depth;
    bool thorough;
    struct open_hit open[MOST_OPEN];
    size_t open_count;
};

size_t sigprof__dw_first(const struct sym_dwarf *dwarf, uint64_t address)
{
    const uint64_t *base = dwarf->addresses;
    size_t size = dwarf->count;

    while (size > 1) {
        size_t half = size / 2;

        base += base[half - 1] < address ? half : 0;
        size -= half;
    }
    return (size_t)(base - dwarf->addresses) + (size == 1 && *base < address);
}

/* ---- One DIE with code --------------------------------------------------- */

struct code_die {
    uint64_t offset;
    uint16_t tag;
    uint32_t call_file, call_line;
    struct dw_value low, high, ranges;
    uint64_t sibling;
};

static void read_die(struct scan *scan, const struct dw_abbrev *abbrev,
                     struct code_die *die)
{
    for (size_t i = 0; i < abbrev->attribute_count; i++) {
        const struct dw_attribute *attribute =
            &scan->unit->abbrevs->attributes[abbrev->first_attribute + i];
        struct dw_value value =
            sigprof__dw_value(scan->unit, &scan->c, attribute);

        switch (attribute->name) {
        case DW_AT_low_pc:
            die->low = value;
            break;
        case DW_AT_high_pc:
            die->high = value;
            break;
        case DW_AT_ranges:
            die->ranges = value;
            break;
        case DW_AT_call_file:
            die->call_file = (uint32_t)value.number;
            break;
        case DW_AT_call_line:
            die->call_line = (uint32_t)value.number;
            break;
        case DW_AT_sibling:
            die->sibling = value.number;
            break;
        default:
            break;
        }
    }
}

static void die_ranges(struct scan *scan, const struct code_die *die)
{
    struct dw_ranges *ranges = &scan->dwarf->ranges;
    uint64_t low, high = die->high.number;

    ranges->count = 0;
    if (die->ranges.class == DW_NUMBER || die->ranges.class == DW_LIST_INDEX) {
        sigprof__dw_ranges(scan->unit, die->ranges, ranges);
    } else if (sigprof__dw_address(scan->unit, die->low, &low)) {
        if (die->high.class == DW_NUMBER)
            high += low;
        else if (!sigprof__dw_address(scan->unit, die->high, &high))
            return;
        sigprof__dw_range_add(scan->unit, low, high, ranges);
    }
}

static bool is_open(const struct scan *scan, uint32_t hit)
{
    for (size_t i = scan->open_count; i-- > 0;)
        if (scan->open[i].hit == hit)
            return true;
    return false;
}

static uint32_t new_hit(struct scan *scan, const struct code_die *die,
                        uint32_t parent, uint64_t low)
{
    struct sym_dwarf *dwarf = scan->dwarf;

    ARRAY_ROOM(dwarf->hits, dwarf->hit_count, dwarf->hit_capacity);
    dwarf->hits[dwarf->hit_count] =
        (struct dw_hit){.unit = scan->unit,
                        .die = die->offset,
                        .low = low,
                        .parent = parent,
                        .call_file = die->call_file,
                        .call_line = die->call_line};
    if (scan->open_count < MOST_OPEN)
        scan->open[scan->open_count++] =
            (struct open_hit){scan->depth, (uint32_t)dwarf->hit_count};
    return (uint32_t)dwarf->hit_count++;
}

/* May a DIE come to the end of the chain? A second function at an address must
 * be in the first; one inlined must be in what is there. */
static bool fits(const struct scan *scan, const struct code_die *die,
                 uint32_t innermost)
{
    if (innermost == 0)
        return die->tag == DW_TAG_subprogram;
    return is_open(scan, innermost);
}

/* Puts the DIE at the end of the chains of what it covers. Chains differ where
 * one range is in what was hit and another is not: a hit for each. */
static uint32_t cover(struct scan *scan, const struct code_die *die)
{
    struct sym_dwarf *dwarf = scan->dwarf;
    uint32_t hit = 0, under = 0;

    for (size_t r = 0; r < dwarf->ranges.count; r++) {
        struct dw_range range = dwarf->ranges.items[r];

        for (size_t i = sigprof__dw_first(dwarf, range.low);
             i < dwarf->count && dwarf->addresses[i] < range.high; i++) {
            struct dw_found *found = &dwarf->found[i];
            uint32_t parent = die->tag == DW_TAG_subprogram ? 0 : found->hit;

            if (found->hit == hit && hit)
                continue;
            if (!fits(scan, die, found->hit))
                continue;
            if (!hit || parent != under) {
                hit = new_hit(scan, die, parent, range.low);
                under = parent;
            }
            found->hit = hit;
        }
    }
    return hit;
}

static void note_edges(struct sym_dwarf *dwarf)
{
    for (size_t r = 0; r < dwarf->ranges.count; r++) {
        while (dwarf->edge_count + 2 > dwarf->edge_capacity)
            dwarf->edges = sigprof__store_grow(
                dwarf->edges, &dwarf->edge_capacity, dwarf->edge_count + 2,
                sizeof *dwarf->edges);
        dwarf->edges[dwarf->edge_count++] = dwarf->ranges.items[r].low;
        dwarf->edges[dwarf->edge_count++] = dwarf->ranges.items[r].high;
    }
}

/* Returns whether what is below can hold anything of interest. */
static bool take_die(struct scan *scan, const struct dw_abbrev *abbrev,
                     struct code_die *die)
{
    uint32_t hit;
    bool has_code;

    read_die(scan, abbrev, die);
    die_ranges(scan, die);
    has_code = scan->dwarf->ranges.count > 0;
    if (!has_code)
        return scan->open_count > 0;
    hit = cover(scan, die);
    if (scan->open_count)
        note_edges(scan->dwarf);
    return hit != 0;
}

/* ---- All DIEs ------------------------------------------------------------ */

static bool is_type(uint16_t tag)
{
    switch (tag) {
    case DW_TAG_array_type:
    case DW_TAG_class_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_structure_type:
    case DW_TAG_subroutine_type:
    case DW_TAG_union_type:
    case DW_TAG_interface_type:
        return true;
    default:
        return false;
    }
}

/* Inlined functions outside of what was hit cannot be hit. */
static bool is_code(const struct scan *scan, uint16_t tag)
{
    return tag == DW_TAG_subprogram ||
           (tag == DW_TAG_inlined_subroutine && scan->open_count > 0);
}

static void jump(struct scan *scan, uint64_t sibling)
{
    const uint8_t *to = scan->base + sibling;

    if (sibling < scan->unit->end && to > scan->c.at)
        scan->c.at = to;
    else
        scan->depth++;
}

static void scan_die(struct scan *scan, const struct dw_abbrev *abbrev,
                     uint64_t offset)
{
    struct code_die die = {.offset = offset, .tag = abbrev->tag};
    bool of_interest = true;

    if (is_code(scan, abbrev->tag))
        of_interest = take_die(scan, abbrev, &die);
    else
        sigprof__dw_step_over(scan->unit, &scan->c, abbrev, &die.sibling);
    if (!abbrev->has_children)
        return;
    if (is_type(abbrev->tag) ||
        (abbrev->tag == DW_TAG_inlined_subroutine && !scan->open_count))
        of_interest = false;
    if (!of_interest && !scan->thorough && die.sibling)
        jump(scan, die.sibling);
    else
        scan->depth++;
}

static void close_level(struct scan *scan)
{
    if (scan->depth)
        scan->depth--;
    while (scan->open_count &&
           scan->open[scan->open_count - 1].depth >= scan->depth)
        scan->open_count--;
}

void sigprof__dw_scan(struct sym_dwarf *dwarf, struct dw_unit *unit,
                      bool thorough)
{
    struct scan scan = {.dwarf = dwarf, .unit = unit, .thorough = thorough};
    struct dw_abbrevs *abbrevs = sigprof__dw_abbrevs(unit);
    struct dw_bytes bytes = sigprof__dw_section(unit->file, DW_INFO);

    scan.c = sigprof__dw_at(unit->file, DW_INFO, unit->root);
    if (scan.c.failed)
        return;
    scan.base = bytes.at;
    scan.c.end = bytes.at + unit->end;
    while (scan.c.at < scan.c.end && !scan.c.failed) {
        uint64_t offset = (uint64_t)(scan.c.at - bytes.at);
        uint64_t code = sigprof__dw_uleb(&scan.c);
        const struct dw_abbrev *abbrev;

        if (code == 0) {
            close_level(&scan);
            continue;
        }
        abbrev = sigprof__dw_abbrev(abbrevs, code);
        if (!abbrev) {
            unit->declined = true;
            return;
        }
        /* A hit without children, or a neighbour, is closed too. */
        while (scan.open_count &&
               scan.open[scan.open_count - 1].depth >= scan.depth)
            scan.open_count--;
        scan_die(&scan, abbrev, offset);
    }
    if (scan.c.failed)
        unit->declined = true;
}
