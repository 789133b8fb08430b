/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of functions and files by libdwarf, made as dwarf-name.c and
 * dwarf-line.c make them.
 */
#include "libdwarf_impl.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_HOPS 16
#define MOST_SCOPES 64
#define MOST_DEPTH 1000  /* of DIEs in one another */
#define MOST_FILES 65536 /* of one unit */

/* ---- Values of attributes ------------------------------------------------ */

bool sigprof__ld_number(Dwarf_Die die, Dwarf_Half name, Dwarf_Unsigned *number)
{
    Dwarf_Error error = NULL;
    Dwarf_Attribute attribute;
    Dwarf_Signed value;
    bool ok;

    if (!sigprof__ld_ok(dwarf_attr(die, name, &attribute, &error)))
        return false;
    ok = sigprof__ld_ok(dwarf_formudata(attribute, number, &error));
    if (!ok && sigprof__ld_ok(dwarf_formsdata(attribute, &value, &error))) {
        *number = (Dwarf_Unsigned)value;
        ok = true;
    }
    dwarf_dealloc_attribute(attribute);
    return ok;
}

bool sigprof__ld_reference(Dwarf_Die die, Dwarf_Half name, Dwarf_Off *offset)
{
    Dwarf_Error error = NULL;
    Dwarf_Attribute attribute;
    Dwarf_Half form = 0;
    bool ok;

    if (!sigprof__ld_ok(dwarf_attr(die, name, &attribute, &error)))
        return false;
    /* Those into another file or .debug_types are no offsets here. */
    ok = sigprof__ld_ok(dwarf_whatform(attribute, &form, &error)) &&
         form != DW_FORM_GNU_ref_alt && form != DW_FORM_ref_sup4 &&
         form != DW_FORM_ref_sup8 && form != DW_FORM_ref_sig8 &&
         sigprof__ld_ok(dwarf_global_formref(attribute, offset, &error));
    dwarf_dealloc_attribute(attribute);
    return ok;
}

const char *sigprof__ld_text(Dwarf_Die die, Dwarf_Half name)
{
    Dwarf_Error error = NULL;
    char *text = NULL;

    return sigprof__ld_ok(dwarf_die_text(die, name, &text, &error)) ? text
                                                                    : NULL;
}

/* ---- What a DIE is in ---------------------------------------------------- */

static struct ld_unit *unit_of(struct ld *ld, Dwarf_Off die)
{
    size_t low = 0, high = ld->unit_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (ld->units[middle].offset <= die)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &ld->units[low - 1] : NULL;
}

static void note_parents(struct ld *ld, struct ld_unit *unit, Dwarf_Die above,
                         uint32_t number, unsigned depth)
{
    Dwarf_Error error = NULL;
    Dwarf_Die die = NULL, next;

    if (depth == MOST_DEPTH ||
        !sigprof__ld_ok(dwarf_child(above, &die, &error)))
        return;
    for (; die; die = next) {
        struct ld_parent own = {.above = number};

        dwarf_dieoffset(die, &own.die, &error);
        dwarf_tag(die, &own.tag, &error);
        ARRAY_ROOM(unit->parents, unit->parent_count, unit->parent_capacity);
        unit->parents[unit->parent_count++] = own;
        note_parents(ld, unit, die, (uint32_t)unit->parent_count, depth + 1);
        next = NULL;
        if (!sigprof__ld_ok(
                dwarf_siblingof_b(ld->debug, die, 1, &next, &error)))
            next = NULL;
        dwarf_dealloc(ld->debug, die, DW_DLA_DIE);
    }
}

static int by_die(const void *a, const void *b)
{
    const struct ld_parent *x = a, *y = b;

    return (x->die > y->die) - (x->die < y->die);
}

/* The number + 1 of the DIE among the unit's; 0: it is not there. */
static uint32_t number_of(struct ld *ld, struct ld_unit *unit, Dwarf_Off die)
{
    struct ld_parent key = {.die = die}, *at;

    if (!unit->parents)
        note_parents(ld, unit, unit->root, 0, 0);
    at = unit->parent_count ? bsearch(&key, unit->parents, unit->parent_count,
                                      sizeof key, by_die)
                            : NULL;
    return at ? (uint32_t)(at - unit->parents) + 1 : 0;
}

static bool is_scope(Dwarf_Half tag)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_interface_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_subprogram:
    case DW_TAG_module:
        return true;
    default:
        return false;
    }
}

/* ---- Names of functions -------------------------------------------------- */

struct ld_named {
    const char *linkage, *name;
    Dwarf_Off origin;
    bool has_origin;
};

static struct ld_named read_die(struct ld *ld, Dwarf_Off offset)
{
    struct ld_named out = {0};
    Dwarf_Error error = NULL;
    Dwarf_Die die;

    if (!sigprof__ld_ok(dwarf_offdie_b(ld->debug, offset, 1, &die, &error)))
        return out;
    out.linkage = sigprof__ld_text(die, DW_AT_linkage_name);
    if (!out.linkage)
        out.linkage = sigprof__ld_text(die, DW_AT_MIPS_linkage_name);
    out.name = sigprof__ld_text(die, DW_AT_name);
    out.has_origin =
        sigprof__ld_reference(die, DW_AT_abstract_origin, &out.origin) ||
        sigprof__ld_reference(die, DW_AT_specification, &out.origin);
    dwarf_dealloc(ld->debug, die, DW_DLA_DIE);
    return out;
}

static const char *scope_name(struct ld *ld, const struct ld_parent *scope)
{
    struct ld_named die = read_die(ld, scope->die);

    for (unsigned hop = 0; !die.name && die.has_origin && hop < MOST_HOPS;
         hop++)
        die = read_die(ld, die.origin);
    if (die.name)
        return die.name;
    return scope->tag == DW_TAG_namespace ? "(anonymous namespace)"
                                          : "(anonymous)";
}

static uint32_t compose(struct ld *ld, struct ld_unit *unit, Dwarf_Off die,
                        const char *name)
{
    const char *between = sigprof__dw_between(unit->language);
    const char *parts[MOST_SCOPES];
    char whole[65536];
    size_t at = 0, count = 0;
    uint32_t number = number_of(ld, unit, die);

    while (number && (number = unit->parents[number - 1].above) != 0)
        if (is_scope(unit->parents[number - 1].tag) && count < MOST_SCOPES)
            parts[count++] = scope_name(ld, &unit->parents[number - 1]);
    while (count && at < sizeof whole)
        at += (size_t)snprintf(whole + at, sizeof whole - at, "%s%s",
                               parts[--count], between);
    if (at < sizeof whole)
        at += (size_t)snprintf(whole + at, sizeof whole - at, "%s", name);
    if (at >= sizeof whole)
        at = sizeof whole - 1;
    return sigprof__strings_add(&ld->result->strings, (struct text){whole, at});
}

static uint32_t resolve(struct ld *ld, Dwarf_Off at)
{
    struct ld_named die = read_die(ld, at);
    const char *name = die.name;
    struct ld_unit *unit;

    for (unsigned hop = 0; !die.linkage && die.has_origin && hop < MOST_HOPS;
         hop++) {
        at = die.origin;
        die = read_die(ld, at);
        if (!name)
            name = die.name;
    }
    unit = unit_of(ld, at);
    if (die.linkage && *die.linkage)
        return sigprof__strings_add(&ld->result->strings,
                                    sigprof__text(die.linkage));
    if (!name || !unit)
        return 0;
    if (!sigprof__dw_has_scopes(unit->language))
        return sigprof__strings_add(&ld->result->strings, sigprof__text(name));
    return compose(ld, unit, at, name);
}

uint32_t sigprof__ld_name(struct ld *ld, Dwarf_Off die)
{
    struct ld_named own = read_die(ld, die);
    struct index *index = &ld->name_index;
    uint32_t hash;
    size_t at;

    /* Instances of one function share a name, that of their origin. */
    if (!own.linkage && !own.name && own.has_origin)
        die = own.origin;
    hash = sigprof__hash_mix(die);
    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at))
        if (ld->names[index->slots[at].id].die == die)
            return ld->names[index->slots[at].id].name;
    if (ld->name_count == 0) {
        ARRAY_ROOM(ld->names, ld->name_count, ld->name_capacity);
        ld->names[ld->name_count++] = (struct ld_name){0, 0};
    }
    ARRAY_ROOM(ld->names, ld->name_count, ld->name_capacity);
    ld->names[ld->name_count] = (struct ld_name){die, resolve(ld, die)};
    sigprof__index_put(index, at, hash, (uint32_t)ld->name_count);
    return ld->names[ld->name_count++].name;
}

/* ---- Names of files ------------------------------------------------------ */

static uint32_t make_path(struct ld *ld, struct ld_unit *unit,
                          Dwarf_Unsigned number)
{
    Dwarf_Unsigned directory = 0, time, length;
    const char *name = NULL, *of = NULL;
    struct sym_names names = {0};
    Dwarf_Error error = NULL;
    uint32_t path = 0;
    char *joined;

    if (!sigprof__ld_ok(dwarf_srclines_files_data_b(
            unit->lines, (Dwarf_Signed)number, &name, &directory, &time,
            &length, NULL, &error)) ||
        !name)
        return 0;
    if (!sigprof__ld_ok(dwarf_srclines_include_dir_data(
            unit->lines, (Dwarf_Signed)directory, &of, &error)))
        of = NULL;
    if (directory == 0 && (unit->version < 5 || !of))
        of = unit->directory;
    joined =
        sigprof__dw_join(directory ? unit->directory : NULL, of, name, &names);
    if (joined)
        path =
            sigprof__strings_add(&ld->result->strings, sigprof__text(joined));
    sigprof__sym_names_free(&names);
    return path;
}

uint32_t sigprof__ld_file(struct ld *ld, struct ld_unit *unit,
                          Dwarf_Unsigned number)
{
    size_t room = unit->file_room;

    if (!unit->lines || number >= MOST_FILES)
        return 0;
    if (number >= room) {
        unit->files =
            sigprof__store_grow(unit->files, &unit->file_room,
                                (size_t)number + 1, sizeof *unit->files);
        memset(unit->files + room, 0,
               (unit->file_room - room) * sizeof *unit->files);
    }
    if (!unit->files[number])
        unit->files[number] = make_path(ld, unit, number) + 1;
    return unit->files[number] - 1;
}
