/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses to functions, inlined functions and lines, by libdwarf. The way is
 * that of dwarf.c, and so is what is made of odd input; only who reads the
 * bytes is another.
 */
#include "libdwarf_impl.h"

#include <stdlib.h>

#define MOST_OPEN 512
#define MOST_DEPTH 1000 /* of DIEs in one another */
#define MOST_PLACES 512

/* ---- Ranges -------------------------------------------------------------- */

static void add_range(struct ld *ld, const struct ld_unit *unit, uint64_t low,
                      uint64_t high)
{
    /* What a linker leaves for code that it dropped: dwarf-form.c. */
    if (low >= high || low <= 1 || low >= unit->ones - 1)
        return;
    ARRAY_ROOM(ld->ranges, ld->range_count, ld->range_capacity);
    ld->ranges[ld->range_count++] = (struct ld_range){low, high};
}

/* DWARF 2 to 4. */
static void add_pairs(struct ld *ld, const struct ld_unit *unit, Dwarf_Die die,
                      Dwarf_Attribute attribute)
{
    Dwarf_Off offset = 0, real = 0;
    Dwarf_Error error = NULL;
    Dwarf_Ranges *pairs;
    Dwarf_Signed count;
    Dwarf_Unsigned size;
    uint64_t base = unit->base;

    if (!sigprof__ld_ok(dwarf_global_formref(attribute, &offset, &error)) ||
        !sigprof__ld_ok(dwarf_get_ranges_b(ld->debug, offset, die, &real,
                                           &pairs, &count, &size, &error)))
        return;
    for (Dwarf_Signed i = 0; i < count; i++)
        if (pairs[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
            base = pairs[i].dwr_addr2;
        else if (pairs[i].dwr_type == DW_RANGES_ENTRY)
            add_range(ld, unit, base + pairs[i].dwr_addr1,
                      base + pairs[i].dwr_addr2);
    dwarf_dealloc(ld->debug, pairs, DW_DLA_RANGES);
}

static void add_entry(struct ld *ld, const struct ld_unit *unit,
                      Dwarf_Rnglists_Head head, Dwarf_Unsigned number)
{
    Dwarf_Unsigned raw[2], low = 0, high = 0;
    Dwarf_Bool no_address = 0;
    Dwarf_Error error = NULL;
    unsigned size, kind = 0;

    if (!sigprof__ld_ok(dwarf_get_rnglists_entry_fields_a(
            head, number, &size, &kind, &raw[0], &raw[1], &no_address, &low,
            &high, &error)) ||
        no_address)
        return;
    if (kind != DW_RLE_end_of_list && kind != DW_RLE_base_address &&
        kind != DW_RLE_base_addressx)
        add_range(ld, unit, low, high);
}

static void add_list(struct ld *ld, const struct ld_unit *unit,
                     Dwarf_Attribute attribute)
{
    Dwarf_Unsigned value = 0, count = 0, offset = 0;
    Dwarf_Rnglists_Head head = NULL;
    Dwarf_Error error = NULL;
    Dwarf_Half form = 0;
    bool ok = sigprof__ld_ok(dwarf_whatform(attribute, &form, &error));

    if (ok && form == DW_FORM_rnglistx)
        ok = sigprof__ld_ok(dwarf_formudata(attribute, &value, &error));
    else if (ok)
        ok = sigprof__ld_ok(dwarf_global_formref(attribute, &value, &error));
    if (!ok || !sigprof__ld_ok(dwarf_rnglists_get_rle_head(
                   attribute, form, value, &head, &count, &offset, &error)))
        return;
    for (Dwarf_Unsigned i = 0; i < count; i++)
        add_entry(ld, unit, head, i);
    dwarf_dealloc_rnglists_head(head);
}

static void add_bounds(struct ld *ld, const struct ld_unit *unit, Dwarf_Die die)
{
    enum Dwarf_Form_Class class = DW_FORM_CLASS_UNKNOWN;
    Dwarf_Error error = NULL;
    Dwarf_Addr low, high;
    Dwarf_Half form;

    if (!sigprof__ld_ok(dwarf_lowpc(die, &low, &error)) ||
        !sigprof__ld_ok(dwarf_highpc_b(die, &high, &form, &class, &error)))
        return;
    add_range(ld, unit, low,
              class == DW_FORM_CLASS_CONSTANT ? low + high : high);
}

/* Puts those of the DIE into ld->ranges; false: it has no attribute of them. */
static bool read_ranges(struct ld *ld, const struct ld_unit *unit,
                        Dwarf_Die die)
{
    Dwarf_Error error = NULL;
    Dwarf_Attribute attribute;

    ld->range_count = 0;
    if (sigprof__ld_ok(dwarf_attr(die, DW_AT_ranges, &attribute, &error))) {
        if (unit->version < 5)
            add_pairs(ld, unit, die, attribute);
        else
            add_list(ld, unit, attribute);
        dwarf_dealloc_attribute(attribute);
        return true;
    }
    add_bounds(ld, unit, die);
    return ld->range_count > 0;
}

static size_t first(const struct ld *ld, uint64_t address)
{
    size_t low = 0, high = ld->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (ld->addresses[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- Units --------------------------------------------------------------- */

static void claim(struct ld *ld, struct ld_unit *unit)
{
    for (size_t r = 0; r < ld->range_count; r++)
        for (size_t i = first(ld, ld->ranges[r].low);
             i < ld->count && ld->addresses[i] < ld->ranges[r].high; i++)
            if (!ld->found[i].unit) {
                ld->found[i].unit = (uint32_t)ld->unit_count + 1;
                unit->wanted = true;
            }
}

static void add_unit(struct ld *ld, Dwarf_Die root, Dwarf_Half version,
                     Dwarf_Half address_size)
{
    struct ld_unit unit = {.root = root, .version = version};
    Dwarf_Error error = NULL;

    unit.ones = address_size == 4 ? UINT32_MAX : UINT64_MAX;
    if (!sigprof__ld_ok(dwarf_dieoffset(root, &unit.offset, &error)))
        return;
    if (!sigprof__ld_ok(dwarf_srclang(root, &unit.language, &error)))
        unit.language = 0;
    if (!sigprof__ld_ok(dwarf_lowpc(root, &unit.base, &error)))
        unit.base = 0;
    unit.directory = sigprof__ld_text(root, DW_AT_comp_dir);
    unit.has_ranges = read_ranges(ld, &unit, root);
    claim(ld, &unit);
    ARRAY_ROOM(ld->units, ld->unit_count, ld->unit_capacity);
    ld->units[ld->unit_count++] = unit;
}

/* Units of .debug_info, ascending. One that libdwarf refuses is the last. */
static void read_units(struct ld *ld)
{
    Dwarf_Half version, address_size, offset_size, extension, type;
    Dwarf_Unsigned length, type_offset, next;
    Dwarf_Error error = NULL;
    Dwarf_Sig8 signature;
    Dwarf_Off abbrevs;
    Dwarf_Die root;

    while (sigprof__ld_ok(dwarf_next_cu_header_d(
        ld->debug, 1, &length, &version, &abbrevs, &address_size, &offset_size,
        &extension, &signature, &type_offset, &next, &type, &error)))
        if (sigprof__ld_ok(
                dwarf_siblingof_b(ld->debug, NULL, 1, &root, &error)))
            add_unit(ld, root, version, address_size);
}

/* ---- DIEs with code ------------------------------------------------------ */

struct walk {
    struct ld *ld;
    struct ld_unit *unit;
    struct {
        unsigned depth;
        uint32_t hit;
    } open[MOST_OPEN];
    size_t open_count;
};

static bool is_open(const struct walk *walk, uint32_t hit)
{
    for (size_t i = walk->open_count; i-- > 0;)
        if (walk->open[i].hit == hit)
            return true;
    return false;
}

static uint32_t new_hit(struct walk *walk, Dwarf_Die die, unsigned depth,
                        uint32_t parent, uint64_t low)
{
    struct ld_hit hit = {.unit = walk->unit, .parent = parent, .low = low};
    struct ld *ld = walk->ld;
    Dwarf_Error error = NULL;

    dwarf_dieoffset(die, &hit.die, &error);
    sigprof__ld_number(die, DW_AT_call_file, &hit.call_file);
    sigprof__ld_number(die, DW_AT_call_line, &hit.call_line);
    ARRAY_ROOM(ld->hits, ld->hit_count, ld->hit_capacity);
    ld->hits[ld->hit_count] = hit;
    if (walk->open_count < MOST_OPEN) {
        walk->open[walk->open_count].depth = depth;
        walk->open[walk->open_count++].hit = (uint32_t)ld->hit_count;
    }
    return (uint32_t)ld->hit_count++;
}

/* Puts the DIE at the end of the chains of what it covers: dwarf-scan.c. */
static void cover(struct walk *walk, Dwarf_Die die, Dwarf_Half tag,
                  unsigned depth)
{
    bool is_function = tag == DW_TAG_subprogram;
    struct ld *ld = walk->ld;
    uint32_t hit = 0, under = 0;

    for (size_t r = 0; r < ld->range_count; r++)
        for (size_t i = first(ld, ld->ranges[r].low);
             i < ld->count && ld->addresses[i] < ld->ranges[r].high; i++) {
            struct ld_found *found = &ld->found[i];
            uint32_t parent = is_function ? 0 : found->hit;

            if ((hit && found->hit == hit) ||
                (found->hit ? !is_open(walk, found->hit) : !is_function))
                continue;
            if (!hit || parent != under) {
                hit = new_hit(walk, die, depth, parent, ld->ranges[r].low);
                under = parent;
            }
            found->hit = hit;
        }
}

static void visit(struct walk *walk, Dwarf_Die die, unsigned depth)
{
    Dwarf_Error error = NULL;
    Dwarf_Half tag = 0;

    if (!sigprof__ld_ok(dwarf_tag(die, &tag, &error)))
        return;
    if (tag != DW_TAG_subprogram &&
        (tag != DW_TAG_inlined_subroutine || walk->open_count == 0))
        return;
    if (read_ranges(walk->ld, walk->unit, die))
        cover(walk, die, tag, depth);
}

static void walk_children(struct walk *walk, Dwarf_Die above, unsigned depth)
{
    Dwarf_Error error = NULL;
    Dwarf_Die die = NULL, next;

    if (depth == MOST_DEPTH ||
        !sigprof__ld_ok(dwarf_child(above, &die, &error)))
        return;
    for (; die; die = next) {
        visit(walk, die, depth);
        walk_children(walk, die, depth + 1);
        while (walk->open_count &&
               walk->open[walk->open_count - 1].depth >= depth)
            walk->open_count--;
        next = NULL;
        if (!sigprof__ld_ok(
                dwarf_siblingof_b(walk->ld->debug, die, 1, &next, &error)))
            next = NULL;
        dwarf_dealloc(walk->ld->debug, die, DW_DLA_DIE);
    }
}

/* ---- Lines --------------------------------------------------------------- */

struct row {
    Dwarf_Addr address;
    Dwarf_Unsigned line, file;
    Dwarf_Bool is_end;
};

/* 20210528 and others say of a row where an epilogue begins that it ends the
 * sequence. */
static bool read_row(Dwarf_Line line, struct row *row)
{
    Dwarf_Bool prologue, epilogue = 0;
    Dwarf_Unsigned isa, discriminator;
    Dwarf_Error error = NULL;
    bool ok =
        sigprof__ld_ok(dwarf_lineaddr(line, &row->address, &error)) &&
        sigprof__ld_ok(dwarf_lineno(line, &row->line, &error)) &&
        sigprof__ld_ok(dwarf_line_srcfileno(line, &row->file, &error)) &&
        sigprof__ld_ok(dwarf_lineendsequence(line, &row->is_end, &error)) &&
        sigprof__ld_ok(dwarf_prologue_end_etc(line, &prologue, &epilogue, &isa,
                                              &discriminator, &error));

    row->is_end = row->is_end && !epilogue;
    return ok;
}

/* A row is true from its address to that of the next. */
static void name_addresses(struct ld *ld, const struct ld_unit *unit,
                           const struct row *row, uint64_t high)
{
    uint32_t number = (uint32_t)(unit - ld->units) + 1;

    for (size_t i = first(ld, row->address);
         i < ld->count && ld->addresses[i] < high; i++) {
        struct ld_found *found = &ld->found[i];

        if (found->unit != number && (found->unit || found->line_unit))
            continue;
        found->line_unit = number;
        found->file = row->file;
        found->line = row->line;
    }
}

static void read_lines(struct ld *ld, struct ld_unit *unit)
{
    struct row row, last = {.is_end = 1};
    bool dropped = false;
    Dwarf_Error error = NULL;
    Dwarf_Unsigned version;
    Dwarf_Signed count = 0;
    Dwarf_Small tables;
    Dwarf_Line *lines;

    if (!sigprof__ld_ok(dwarf_srclines_b(unit->root, &version, &tables,
                                         &unit->lines, &error))) {
        unit->lines = NULL;
        return;
    }
    if (!sigprof__ld_ok(dwarf_srclines_from_linecontext(unit->lines, &lines,
                                                        &count, &error)))
        return;
    for (Dwarf_Signed i = 0; i < count && read_row(lines[i], &row); i++) {
        if (last.is_end)
            dropped = row.address <= 1 || row.address >= unit->ones - 1;
        else if (!dropped)
            name_addresses(ld, unit, &last, row.address);
        last = row;
    }
}

/* ---- Answers ------------------------------------------------------------- */

static void read_unit(struct ld *ld, struct ld_unit *unit)
{
    struct walk walk = {.ld = ld, .unit = unit};

    read_lines(ld, unit);
    walk_children(&walk, unit->root, 1);
}

static void read_wanted(struct ld *ld)
{
    bool unclaimed = false;

    for (size_t i = 0; i < ld->unit_count; i++)
        if (ld->units[i].wanted)
            read_unit(ld, &ld->units[i]);
    for (size_t i = 0; i < ld->count; i++)
        unclaimed = unclaimed || !ld->found[i].unit;
    for (size_t i = 0; unclaimed && i < ld->unit_count; i++)
        if (!ld->units[i].has_ranges)
            read_unit(ld, &ld->units[i]);
}

static void put_place(struct second_result *result, uint32_t name,
                      uint32_t file, Dwarf_Unsigned line)
{
    ARRAY_ROOM(result->places, result->place_count, result->place_capacity);
    result->places[result->place_count++] =
        (struct second_place){name, file, (uint32_t)line};
}

/* The innermost comes first, and is turned round. */
static void turn_round(struct second_place *places, uint32_t count)
{
    for (uint32_t low = 0, high = count; low + 1 < high; low++) {
        struct second_place swap = places[low];

        places[low] = places[--high];
        places[high] = swap;
    }
}

static void answer(struct ld *ld, size_t i)
{
    const struct ld_found *found = &ld->found[i];
    struct second_result *result = ld->result;
    struct second_answer out = {.address = (uint32_t)i};
    Dwarf_Unsigned file = found->file, line = found->line;
    struct ld_unit *unit =
        found->line_unit ? &ld->units[found->line_unit - 1] : NULL;

    out.first_place = (uint32_t)result->place_count;
    for (uint32_t at = found->hit; at && out.place_count < MOST_PLACES;
         at = ld->hits[at].parent, out.place_count++) {
        const struct ld_hit *hit = &ld->hits[at];

        put_place(result, sigprof__ld_name(ld, hit->die),
                  unit ? sigprof__ld_file(ld, unit, file) : 0, line);
        unit = hit->unit;
        file = hit->call_file;
        line = hit->call_line;
        out.start = hit->low;
    }
    if (out.place_count == 0 && unit && sigprof__ld_file(ld, unit, file)) {
        put_place(result, 0, sigprof__ld_file(ld, unit, file), line);
        out.place_count = 1;
    }
    if (out.place_count == 0)
        return;
    turn_round(&result->places[out.first_place], out.place_count);
    ARRAY_ROOM(result->answers, result->answer_count, result->answer_capacity);
    result->answers[result->answer_count++] = out;
}

static bool open_debug(struct ld *ld, int descriptor)
{
    Dwarf_Error error = NULL;

    dwarf_set_de_alloc_flag(0); /* no list of all there is: nobody frees it */
#ifdef DW_LIBDWARF_VERSION_MAJOR
    return sigprof__ld_ok(dwarf_init_b(descriptor, DW_GROUPNUMBER_ANY, NULL,
                                       NULL, &ld->debug, &error));
#else
    return sigprof__ld_ok(dwarf_init_b(descriptor, DW_DLC_READ,
                                       DW_GROUPNUMBER_ANY, NULL, NULL,
                                       &ld->debug, &error));
#endif
}

void sigprof__libdwarf_read(int descriptor, const uint64_t *addresses,
                            size_t count, struct second_result *result)
{
    struct ld ld = {.addresses = addresses, .count = count, .result = result};
    size_t room = 0;

    if (!open_debug(&ld, descriptor))
        return;
    ld.found = sigprof__store_grow(NULL, &room, count + 1, sizeof *ld.found);
    memset(ld.found, 0, count * sizeof *ld.found);
    ARRAY_ROOM(ld.hits, ld.hit_count, ld.hit_capacity);
    ld.hits[ld.hit_count++] = (struct ld_hit){0};
    read_units(&ld);
    read_wanted(&ld);
    for (size_t i = 0; i < count; i++)
        answer(&ld, i);
}
