/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Units: where each begins, what its root DIE says, and for split units, the
 * file that has the rest.
 *
 * .debug_aranges is not asked: clang does not write it, and what gcc writes has
 * gaps. Hopping over all unit headers and reading their roots costs less than a
 * millisecond for a thousand of them.
 */
#include "dwarf_forms.h"
#include "dwarf_impl.h"

#include <stdlib.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

/* ---- Headers ------------------------------------------------------------- */

static void read_unit_kind(struct dw_unit *unit, struct dw_cursor *c)
{
    unit->version = (uint8_t)sigprof__dw_fixed(c, 2);
    if (unit->version >= 5) {
        unit->type = sigprof__dw_u8(c);
        unit->address_size = sigprof__dw_u8(c);
        unit->abbrev_offset += sigprof__dw_fixed(c, unit->offset_size);
        if (unit->type == DW_UT_skeleton || unit->type == DW_UT_split_compile)
            unit->dwo_id = sigprof__dw_fixed(c, 8);
    } else {
        unit->type = DW_UT_compile;
        unit->abbrev_offset += sigprof__dw_fixed(c, unit->offset_size);
        unit->address_size = sigprof__dw_u8(c);
    }
    unit->declined = c->failed || unit->version < 2 || unit->version > 5 ||
                     (unit->address_size != 4 && unit->address_size != 8 &&
                      unit->address_size != 2);
    unit->usable = !unit->declined && unit->type != DW_UT_type &&
                   unit->type != DW_UT_split_type;
}

/* Reads a header and moves to the next; false at the end. */
static bool read_unit(struct dw_cursor *c, const uint8_t *section,
                      struct dw_unit *unit)
{
    uint64_t length;
    struct dw_cursor inner;

    unit->offset = (uint64_t)(c->at - section);
    length = sigprof__dw_fixed(c, 4);
    unit->offset_size = 4;
    if (length == UINT32_MAX) {
        length = sigprof__dw_fixed(c, 8);
        unit->offset_size = 8;
    }
    unit->declined = c->failed || length > (uint64_t)(c->end - c->at);
    if (unit->declined || length == 0)
        return false;
    inner = *c;
    inner.end = c->at + length;
    c->at += length;
    unit->end = (uint64_t)(c->at - section);
    read_unit_kind(unit, &inner);
    unit->root = (uint64_t)(inner.at - section);
    return true;
}

static struct dw_unit *add_unit(struct dw_file *file)
{
    size_t room = 0;
    struct dw_unit *unit = sigprof__store_grow(NULL, &room, sizeof *unit, 1);

    *unit = (struct dw_unit){.file = file};
    ARRAY_ROOM(file->units, file->unit_count, file->unit_capacity);
    return file->units[file->unit_count++] = unit;
}

/* ---- Packages (.dwp) ----------------------------------------------------- */

struct package {
    uint32_t version, columns, units, slots;
    struct dw_cursor ids, rows, kinds, offsets, sizes;
};

static bool open_package(struct dw_file *file, struct package *package)
{
    struct dw_cursor c = sigprof__dw_at(file, DW_CU_INDEX, 0);
    uint64_t cells;

    package->version = (uint32_t)sigprof__dw_fixed(&c, 4);
    if (package->version != 2) /* else two bytes and two of padding */
        package->version &= 0xffff;
    package->columns = (uint32_t)sigprof__dw_fixed(&c, 4);
    package->units = (uint32_t)sigprof__dw_fixed(&c, 4);
    package->slots = (uint32_t)sigprof__dw_fixed(&c, 4);
    if (c.failed || (package->version != 2 && package->version != 5) ||
        package->columns > 16)
        return false;
    cells = (uint64_t)package->columns * package->units;
    package->ids = package->rows = c;
    sigprof__dw_skip(&package->rows, 8 * (uint64_t)package->slots);
    package->kinds = package->rows;
    sigprof__dw_skip(&package->kinds, 4 * (uint64_t)package->slots);
    package->offsets = package->kinds;
    sigprof__dw_skip(&package->offsets, 4 * (uint64_t)package->columns);
    package->sizes = package->offsets;
    sigprof__dw_skip(&package->sizes, 4 * cells);
    return !package->sizes.failed;
}

/* Where a unit's parts of the sections begin. */
static void read_row(const struct package *package, uint32_t row,
                     struct dw_unit *unit, uint64_t *info, uint64_t *info_size)
{
    struct dw_cursor kinds = package->kinds, offsets = package->offsets;
    struct dw_cursor sizes = package->sizes;

    sigprof__dw_skip(&offsets, 4 * (uint64_t)row * package->columns);
    sigprof__dw_skip(&sizes, 4 * (uint64_t)row * package->columns);
    for (uint32_t i = 0; i < package->columns; i++) {
        uint64_t kind = sigprof__dw_fixed(&kinds, 4);
        uint64_t offset = sigprof__dw_fixed(&offsets, 4);
        uint64_t size = sigprof__dw_fixed(&sizes, 4);

        if (kind == DW_SECT_INFO) {
            *info = offset;
            *info_size = size;
        } else if (kind == DW_SECT_ABBREV) {
            unit->abbrev_offset = offset;
        } else if (kind == DW_SECT_LINE) {
            unit->line_start = offset;
        } else if (kind == DW_SECT_STR_OFFSETS) {
            unit->str_offsets_start = offset;
        } else if (kind == DW_SECT_RNGLISTS && package->version == 5) {
            unit->rnglists_start = offset;
        }
    }
}

static void read_packaged(struct dw_file *file, const struct package *in)
{
    struct package package = *in;
    struct dw_bytes bytes = sigprof__dw_section(file, DW_INFO);

    for (uint32_t i = 0; i < package.slots; i++) {
        uint64_t id = sigprof__dw_fixed(&package.ids, 8), info = 0, size = 0;
        uint32_t row = (uint32_t)sigprof__dw_fixed(&package.rows, 4);
        struct dw_unit *unit;
        struct dw_cursor c;

        if (row == 0 || row > package.units)
            continue;
        unit = add_unit(file);
        read_row(in, row - 1, unit, &info, &size);
        c = sigprof__dw_at(file, DW_INFO, info);
        if (!read_unit(&c, bytes.at, unit)) {
            free(unit);
            file->unit_count--;
            continue;
        }
        unit->dwo_id = id;
    }
}

static int by_offset(const void *a, const void *b)
{
    const struct dw_unit *x = *(struct dw_unit *const *)a;
    const struct dw_unit *y = *(struct dw_unit *const *)b;

    return (x->offset > y->offset) - (x->offset < y->offset);
}

void sigprof__dw_units_read(struct dw_file *file)
{
    struct dw_bytes bytes = sigprof__dw_section(file, DW_INFO);
    struct dw_cursor c = sigprof__dw_at(file, DW_INFO, 0);
    struct package package;

    if (file->unit_count || c.failed)
        return;
    if (open_package(file, &package)) {
        read_packaged(file, &package);
        if (file->unit_count)
            qsort(file->units, file->unit_count, sizeof *file->units,
                  by_offset);
        return;
    }
    while (c.at < c.end) {
        struct dw_unit *unit = add_unit(file);

        if (!read_unit(&c, bytes.at, unit)) {
            file->declined = unit->declined;
            free(unit);
            file->unit_count--;
            return;
        }
    }
}

struct dw_unit *sigprof__dw_unit_at(struct dw_file *file, uint64_t offset)
{
    size_t low = 0, high;

    sigprof__dw_units_read(file);
    high = file->unit_count;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (file->units[middle]->offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || file->units[low - 1]->end <= offset ||
        file->units[low - 1]->root > offset)
        return NULL;
    return file->units[low - 1];
}

/* ---- Roots --------------------------------------------------------------- */

struct root_values {
    struct dw_value low, high, ranges, name, directory, dwo;
};

static void take_root_value(struct dw_unit *unit, uint16_t name,
                            struct dw_value value, struct root_values *values)
{
    switch (name) {
    case DW_AT_name:
        values->name = value;
        break;
    case DW_AT_comp_dir:
        values->directory = value;
        break;
    case DW_AT_dwo_name:
    case DW_AT_GNU_dwo_name:
        values->dwo = value;
        break;
    case DW_AT_low_pc:
        values->low = value;
        break;
    case DW_AT_high_pc:
        values->high = value;
        break;
    case DW_AT_ranges:
        values->ranges = value;
        break;
    case DW_AT_language:
        unit->language = (uint16_t)value.number;
        break;
    case DW_AT_stmt_list:
        unit->line_offset += value.number;
        unit->has_lines = true;
        break;
    case DW_AT_str_offsets_base:
        unit->str_offsets_base = value.number;
        break;
    case DW_AT_addr_base:
    case DW_AT_GNU_addr_base:
        unit->addr_base = value.number;
        break;
    case DW_AT_rnglists_base:
        unit->rnglists_base = value.number;
        break;
    case DW_AT_GNU_ranges_base:
        unit->ranges_base = value.number;
        break;
    case DW_AT_GNU_dwo_id:
        unit->dwo_id = value.number;
        break;
    default:
        break;
    }
}

/* Values that go through tables, once it is known where these begin. */
static void finish_root(struct dw_unit *unit, const struct root_values *values)
{
    uint64_t high = values->high.number;

    unit->name = sigprof__dw_text(unit, values->name);
    unit->directory = sigprof__dw_text(unit, values->directory);
    unit->dwo = sigprof__dw_text(unit, values->dwo);
    if (sigprof__dw_address(unit, values->low, &unit->low)) {
        unit->base = unit->low;
        if (values->high.class == DW_NUMBER)
            high += unit->low;
        else if (!sigprof__dw_address(unit, values->high, &high))
            high = 0;
        unit->high = high;
        unit->has_bounds = high > unit->low;
    }
    if (values->ranges.class == DW_NUMBER ||
        values->ranges.class == DW_LIST_INDEX) {
        unit->has_ranges = true;
        unit->ranges = values->ranges;
    }
}

/* The tables of a split unit have no attribute that says where they begin. */
static void set_defaults(struct dw_unit *unit)
{
    uint64_t header = unit->offset_size == 8 ? 16 : 8;

    unit->str_offsets_base = unit->str_offsets_start;
    unit->rnglists_base = unit->rnglists_start;
    unit->line_offset = unit->line_start;
    if (unit->version >= 5) {
        unit->str_offsets_base += header;
        unit->rnglists_base += header + 4;
    }
}

bool sigprof__dw_root(struct dw_unit *unit)
{
    struct dw_cursor c = sigprof__dw_at(unit->file, DW_INFO, unit->root);
    const struct dw_bytes bytes = sigprof__dw_section(unit->file, DW_INFO);
    struct root_values values = {0};
    const struct dw_abbrev *abbrev;
    struct dw_abbrevs *abbrevs;
    uint64_t code;

    if (unit->root_read || !unit->usable)
        return unit->usable;
    unit->root_read = true;
    set_defaults(unit);
    c.end = bytes.at + unit->end;
    code = c.failed ? 0 : sigprof__dw_uleb(&c);
    abbrevs = sigprof__dw_abbrevs_until(unit, code);
    abbrev = sigprof__dw_abbrev(abbrevs, code);
    unit->usable = code != 0 && abbrev;
    if (unit->usable) {
        unit->tag = abbrev->tag;
        unit->has_children = abbrev->has_children;
        for (size_t i = 0; i < abbrev->attribute_count; i++) {
            const struct dw_attribute *attribute =
                &abbrevs->attributes[abbrev->first_attribute + i];

            take_root_value(unit, attribute->name,
                            sigprof__dw_value(unit, &c, attribute), &values);
        }
        unit->usable = !c.failed;
    }
    sigprof__dw_abbrevs_free(abbrevs);
    unit->declined = !unit->usable;
    if (unit->usable)
        finish_root(unit, &values);
    return unit->usable;
}

void sigprof__dw_root_ranges(struct dw_unit *unit, struct dw_ranges *ranges)
{
    if (unit->has_ranges)
        sigprof__dw_ranges(unit, unit->ranges, ranges);
    else if (unit->has_bounds)
        sigprof__dw_range_add(unit, unit->low, unit->high, ranges);
}

/* ---- Split units --------------------------------------------------------- */

static struct dw_unit *unit_by_id(struct dw_file *file, uint64_t id)
{
    if (!file)
        return NULL;
    sigprof__dw_units_read(file);
    for (size_t i = 0; i < file->unit_count; i++) {
        struct dw_unit *unit = file->units[i];

        /* Version 4 says the id in its root. */
        if (sigprof__dw_root(unit) && unit->dwo_id == id &&
            (unit->tag == DW_TAG_compile_unit))
            return unit;
    }
    return NULL;
}

static struct dw_file *open_file(const char *path)
{
    struct sym_image image;
    struct dw_file *file = NULL;

    sigprof__sym_image_open(path, NULL, 0, &image);
    if (image.elf)
        file = sigprof__dw_file_open(image.elf);
    if (file)
        file->image = image;
    else
        sigprof__sym_image_close(&image);
    return file;
}

/* FILE.dwp beside the program, and beside its debug file. */
static void open_dwp(struct sym_dwarf *dwarf)
{
    const char *paths[] = {dwarf->where.program, dwarf->where.path};
    char path[PATH_BYTES];

    dwarf->package_looked_for = true;
    for (size_t i = 0; i < 2 && !dwarf->package; i++)
        if (paths[i] &&
            snprintf(path, sizeof path, "%s.dwp", paths[i]) < (int)sizeof path)
            dwarf->package = open_file(path);
}

static struct dw_unit *try_dwo(struct sym_dwarf *dwarf, const char *root,
                               const char *directory, const char *name,
                               uint64_t id)
{
    char path[PATH_BYTES];
    struct dw_file *file;
    struct dw_unit *unit;

    if (snprintf(path, sizeof path, "%s%s%s%s", root, directory,
                 *directory ? "/" : "", name) >= (int)sizeof path)
        return NULL;
    file = open_file(path);
    if (!file)
        return NULL;
    unit = unit_by_id(file, id);
    if (!unit) {
        sigprof__dw_file_close(file);
        return NULL;
    }
    ARRAY_ROOM(dwarf->split, dwarf->split_count, dwarf->split_capacity);
    dwarf->split[dwarf->split_count++] = file;
    return unit;
}

/* Where the compiler left it; else beside the program. */
static struct dw_unit *find_dwo(struct sym_dwarf *dwarf,
                                const struct dw_unit *skeleton)
{
    const struct sym_places *places = dwarf->where.places;
    const char *root = places && places->symfs ? places->symfs : "";
    const char *name = skeleton->dwo, *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    char beside[PATH_BYTES];
    struct dw_unit *unit;

    if (*name == '/')
        unit = try_dwo(dwarf, root, "", name, skeleton->dwo_id);
    else
        unit =
            try_dwo(dwarf, root, skeleton->directory ? skeleton->directory : "",
                    name, skeleton->dwo_id);
    if (unit || !dwarf->where.program)
        return unit;
    slash = strrchr(dwarf->where.program, '/');
    snprintf(beside, sizeof beside, "%.*s",
             slash ? (int)(slash - dwarf->where.program) : 1,
             slash ? dwarf->where.program : ".");
    return try_dwo(dwarf, "", beside, base, skeleton->dwo_id);
}

struct dw_unit *sigprof__dw_whole(struct sym_dwarf *dwarf, struct dw_unit *unit)
{
    if (!unit->dwo)
        return unit;
    if (!unit->split_looked_for) {
        unit->split_looked_for = true;
        if (!dwarf->package_looked_for)
            open_dwp(dwarf);
        unit->split = unit_by_id(dwarf->package, unit->dwo_id);
        if (!unit->split)
            unit->split = find_dwo(dwarf, unit);
        if (unit->split && !unit->split->skeleton)
            unit->split->skeleton = unit;
        if (!unit->split)
            dwarf->split_missing = true;
    }
    return unit->split && unit->split->skeleton == unit ? unit->split : unit;
}
