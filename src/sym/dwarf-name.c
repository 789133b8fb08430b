/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of the functions that were hit. A DIE with code mostly has none itself,
 * but a reference to the DIE that it is an instance of, which refers to its
 * declaration in a class, in this or another unit or file.
 *
 * The mangled name is taken where there is one. gcc gives none to many inlined
 * functions: then the name is put together from what the declaration is in,
 * "space::Class::function", so that the get of one class and of another stay
 * apart. DIEs do not know their parents, so all such of one unit are looked for
 * in one pass over it.
 */
#include "dwarf_forms.h"
#include "dwarf_impl.h"
#include "second.h"

#include <stdlib.h>

#define MOST_HOPS 16   /* instance, origin, declaration: three */
#define MOST_SCOPES 64 /* names in front of a name; more are left out */

struct name_entry {
    const struct dw_file *file;
    uint64_t die;
    const char *name;
};

/* A name that waits for what it is in. */
struct waiting {
    struct dw_unit *unit;
    uint64_t die;
    const char *name;
    uint32_t entry;
};

struct dw_names {
    struct sym_dwarf *dwarf;
    struct name_entry *entries; /* [0] is none */
    size_t count, capacity;
    struct index index; /* (file, DIE) -> entry */
    struct waiting *waiting;
    size_t waiting_count, waiting_capacity;
    uint32_t *of_hit; /* its entry */
};

/* ---- One DIE ------------------------------------------------------------- */

struct place_of_die {
    struct dw_unit *unit; /* NULL: none */
    uint64_t die;
};

struct named_die {
    const char *linkage, *name; /* NULL: none */
    struct place_of_die origin;
};

static struct place_of_die refer(struct dw_unit *unit, struct dw_value value)
{
    struct place_of_die to = {NULL, value.number};

    if (value.class == DW_REFERENCE_SUPPLEMENT && unit->file->supplement)
        to.unit = sigprof__dw_unit_at(unit->file->supplement, value.number);
    else if (value.class == DW_REFERENCE && value.number >= unit->root &&
             value.number < unit->end)
        to.unit = unit;
    else if (value.class == DW_REFERENCE)
        to.unit = sigprof__dw_unit_at(unit->file, value.number);
    return to;
}

static void take_value(struct dw_unit *unit, uint16_t name,
                       struct dw_value value, struct named_die *out)
{
    switch (name) {
    case DW_AT_name:
        out->name = sigprof__dw_text(unit, value);
        break;
    case DW_AT_linkage_name:
    case DW_AT_MIPS_linkage_name:
        out->linkage = sigprof__dw_text(unit, value);
        break;
    case DW_AT_abstract_origin:
    case DW_AT_specification:
        out->origin = refer(unit, value);
        break;
    default:
        break;
    }
}

static struct named_die read_die(struct place_of_die at)
{
    struct dw_unit *unit = at.unit;
    struct named_die out = {0};
    struct dw_cursor c = sigprof__dw_at(unit->file, DW_INFO, at.die);
    const struct dw_abbrevs *abbrevs;
    const struct dw_abbrev *abbrev;

    if (c.failed || !sigprof__dw_root(unit))
        return out;
    c.end = sigprof__dw_section(unit->file, DW_INFO).at + unit->end;
    abbrevs = sigprof__dw_abbrevs(unit);
    abbrev = sigprof__dw_abbrev(abbrevs, sigprof__dw_uleb(&c));
    for (size_t i = 0; abbrev && !c.failed && i < abbrev->attribute_count;
         i++) {
        const struct dw_attribute *attribute =
            &abbrevs->attributes[abbrev->first_attribute + i];

        take_value(unit, attribute->name,
                   sigprof__dw_value(unit, &c, attribute), &out);
    }
    return out;
}

/* ---- Looking up ---------------------------------------------------------- */

static uint32_t add_entry(struct dw_names *names, struct place_of_die at)
{
    ARRAY_ROOM(names->entries, names->count, names->capacity);
    names->entries[names->count] =
        (struct name_entry){at.unit ? at.unit->file : NULL, at.die, NULL};
    return (uint32_t)names->count++;
}

/* The entry of a DIE; true if it is new. */
static bool enter(struct dw_names *names, struct place_of_die at,
                  uint32_t *entry)
{
    struct index *index = &names->index;
    uint32_t hash =
        sigprof__hash_mix(at.die ^ (uint64_t)(uintptr_t)at.unit->file << 16);
    size_t slot;

    sigprof__index_room(index);
    for (slot = sigprof__index_at(index, hash); index->slots[slot].id;
         slot = sigprof__index_next(index, slot)) {
        const struct name_entry *other = &names->entries[index->slots[slot].id];

        if (other->die == at.die && other->file == at.unit->file) {
            *entry = index->slots[slot].id;
            return false;
        }
    }
    *entry = add_entry(names, at);
    sigprof__index_put(index, slot, hash, *entry);
    return true;
}

bool sigprof__dw_has_scopes(uint64_t language)
{
    switch (language) {
    case DW_LANG_C89:
    case DW_LANG_C:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_C17:
        return false;
    default:
        return true;
    }
}

const char *sigprof__dw_between(uint64_t language)
{
    return language == DW_LANG_D ? "." : "::";
}

static const char *keep(struct dw_names *names, const char *name)
{
    return sigprof__elf_keep_name(names->dwarf->names, name, "");
}

/* Follows the references from a DIE, whose own attributes are in `die`. */
static void resolve(struct dw_names *names, struct place_of_die at,
                    struct named_die die, uint32_t entry)
{
    struct waiting waiting = {at.unit, at.die, NULL, entry};

    for (unsigned hop = 0;; hop++) {
        waiting.unit = at.unit;
        waiting.die = at.die;
        if (!waiting.name)
            waiting.name = die.name;
        if (die.linkage || !die.origin.unit || hop == MOST_HOPS)
            break;
        at = die.origin;
        die = read_die(at);
    }
    if (die.linkage && *die.linkage) {
        names->entries[entry].name = keep(names, die.linkage);
    } else if (waiting.name &&
               !sigprof__dw_has_scopes(waiting.unit->language)) {
        names->entries[entry].name = keep(names, waiting.name);
    } else if (waiting.name) {
        ARRAY_ROOM(names->waiting, names->waiting_count,
                   names->waiting_capacity);
        names->waiting[names->waiting_count++] = waiting;
    }
}

/* Instances of one function share an entry, that of their origin. */
static uint32_t entry_of_hit(struct dw_names *names, const struct dw_hit *hit)
{
    struct place_of_die at = {hit->unit, hit->die};
    struct named_die die = read_die(at);
    uint32_t entry;

    if (!die.linkage && !die.name && die.origin.unit) {
        at = die.origin;
        if (enter(names, at, &entry))
            resolve(names, at, read_die(at), entry);
        return entry;
    }
    if (enter(names, at, &entry))
        resolve(names, at, die, entry);
    return entry;
}

/* ---- What a name is in --------------------------------------------------- */

struct scope {
    uint32_t depth;
    uint16_t tag;
    uint64_t die;
};

struct scope_scan {
    struct dw_names *names;
    struct dw_unit *unit;
    struct scope scopes[MOST_SCOPES];
    size_t count;
};

static bool is_scope(uint16_t tag)
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

static const char *scope_name(struct dw_unit *unit, const struct scope *scope)
{
    struct place_of_die at = {unit, scope->die};
    struct named_die die = read_die(at);

    for (unsigned hop = 0; !die.name && die.origin.unit && hop < MOST_HOPS;
         hop++)
        die = read_die(die.origin);
    if (die.name)
        return die.name;
    return scope->tag == DW_TAG_namespace ? "(anonymous namespace)"
                                          : "(anonymous)";
}

static void compose(struct scope_scan *scan, const struct waiting *waiting)
{
    const char *parts[MOST_SCOPES + 1];
    const char *between = sigprof__dw_between(scan->unit->language);
    size_t size = 1, at = 0, tail = strlen(between);
    char *name;

    for (size_t i = 0; i < scan->count; i++)
        parts[i] = scope_name(scan->unit, &scan->scopes[i]);
    parts[scan->count] = waiting->name;
    for (size_t i = 0; i <= scan->count; i++)
        size += strlen(parts[i]) + tail;
    name = sigprof__sym_keep(scan->names->dwarf->names, size);
    if (!name)
        return;
    for (size_t i = 0; i <= scan->count; i++) {
        size_t part = strlen(parts[i]);

        memcpy(name + at, parts[i], part);
        at += part;
        if (i < scan->count) {
            memcpy(name + at, between, tail);
            at += tail;
        }
    }
    name[at] = '\0';
    scan->names->entries[waiting->entry].name = name;
}

static void open_scope(struct scope_scan *scan, uint32_t depth, uint16_t tag,
                       uint64_t die)
{
    if (is_scope(tag) && scan->count < MOST_SCOPES)
        scan->scopes[scan->count++] = (struct scope){depth, tag, die};
}

static void close_scopes(struct scope_scan *scan, uint32_t depth)
{
    while (scan->count && scan->scopes[scan->count - 1].depth >= depth)
        scan->count--;
}

/* The waiting ones of a unit, ascending. */
static void scan_scopes(struct dw_names *names, const struct waiting *waiting,
                        const struct waiting *end)
{
    struct dw_unit *unit = waiting->unit;
    struct scope_scan scan = {.names = names, .unit = unit};
    struct dw_abbrevs *abbrevs = sigprof__dw_abbrevs(unit);
    const uint8_t *base = sigprof__dw_section(unit->file, DW_INFO).at;
    struct dw_cursor c = sigprof__dw_at(unit->file, DW_INFO, unit->root);
    uint32_t depth = 0;

    c.end = c.failed ? c.at : base + unit->end;
    while (c.at < c.end && !c.failed && waiting < end) {
        uint64_t die = (uint64_t)(c.at - base), sibling;
        uint64_t code = sigprof__dw_uleb(&c);
        const struct dw_abbrev *abbrev;

        if (code == 0) {
            depth -= depth > 0;
            close_scopes(&scan, depth);
            continue;
        }
        abbrev = sigprof__dw_abbrev(abbrevs, code);
        if (!abbrev)
            return;
        for (; waiting < end && waiting->die <= die; waiting++)
            if (waiting->die == die)
                compose(&scan, waiting);
        sigprof__dw_step_over(unit, &c, abbrev, &sibling);
        if (!abbrev->has_children || waiting == end)
            continue;
        if (sibling && sibling <= waiting->die && base + sibling > c.at) {
            c.at = base + sibling;
        } else {
            open_scope(&scan, depth, abbrev->tag, die);
            depth++;
        }
    }
}

static int by_unit(const void *a, const void *b)
{
    const struct waiting *x = a, *y = b;

    if (x->unit != y->unit) {
        if (x->unit->file != y->unit->file)
            return (uintptr_t)x->unit->file < (uintptr_t)y->unit->file ? -1 : 1;
        return x->unit->offset < y->unit->offset ? -1 : 1;
    }
    return (x->die > y->die) - (x->die < y->die);
}

static void name_waiting(struct dw_names *names)
{
    if (names->waiting_count)
        qsort(names->waiting, names->waiting_count, sizeof *names->waiting,
              by_unit);
    for (size_t i = 0, next; i < names->waiting_count; i = next) {
        for (next = i + 1; next < names->waiting_count; next++)
            if (names->waiting[next].unit != names->waiting[i].unit)
                break;
        scan_scopes(names, names->waiting + i, names->waiting + next);
    }
    for (size_t i = 0; i < names->waiting_count; i++) {
        struct name_entry *entry = &names->entries[names->waiting[i].entry];

        if (!entry->name)
            entry->name = keep(names, names->waiting[i].name);
    }
}

/* ---- All of them --------------------------------------------------------- */

void sigprof__dw_name_hits(struct sym_dwarf *dwarf)
{
    struct dw_names names = {.dwarf = dwarf};
    size_t room = 0;

    add_entry(&names, (struct place_of_die){NULL, 0});
    names.of_hit = sigprof__store_grow(NULL, &room, dwarf->hit_count + 1,
                                       sizeof *names.of_hit);
    for (size_t i = 1; i < dwarf->hit_count; i++)
        names.of_hit[i] = entry_of_hit(&names, &dwarf->hits[i]);
    name_waiting(&names);
    for (size_t i = 1; i < dwarf->hit_count; i++)
        dwarf->hits[i].name = names.entries[names.of_hit[i]].name;
    free(names.of_hit);
    free(names.waiting);
    free(names.entries);
    free(names.index.slots);
}
