/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Abbreviations: what attributes a DIE has, and in which form. For each there
 * is also a list of steps that lead over its attributes: neighbours of a fixed
 * size are one step. Most DIEs of a unit are only stepped over.
 */
#include "dwarf_forms.h"
#include "dwarf_impl.h"

#include <stdlib.h>

/* ---- Steps --------------------------------------------------------------- */

static struct dw_step step_of_fixed(const struct dw_abbrevs *abbrevs,
                                    uint16_t form)
{
    switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
        return (struct dw_step){0, STEP_BYTES};
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
        return (struct dw_step){1, STEP_BYTES};
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
        return (struct dw_step){2, STEP_BYTES};
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
        return (struct dw_step){3, STEP_BYTES};
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
    case DW_FORM_ref_sup4:
        return (struct dw_step){4, STEP_BYTES};
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
        return (struct dw_step){8, STEP_BYTES};
    case DW_FORM_data16:
        return (struct dw_step){16, STEP_BYTES};
    case DW_FORM_addr:
        return (struct dw_step){abbrevs->address_size, STEP_BYTES};
    case DW_FORM_ref_addr: /* the size of an address in DWARF 2 */
        return (struct dw_step){abbrevs->version <= 2 ? abbrevs->address_size
                                                      : abbrevs->offset_size,
                                STEP_BYTES};
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_strp_sup:
    case DW_FORM_sec_offset:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
        return (struct dw_step){abbrevs->offset_size, STEP_BYTES};
    default:
        return (struct dw_step){0, STEP_UNKNOWN};
    }
}

static struct dw_step step_of(const struct dw_abbrevs *abbrevs, uint16_t form)
{
    switch (form) {
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
        return (struct dw_step){0, STEP_LEB};
    case DW_FORM_string:
        return (struct dw_step){0, STEP_STRING};
    case DW_FORM_block1:
        return (struct dw_step){1, STEP_BLOCK};
    case DW_FORM_block2:
        return (struct dw_step){2, STEP_BLOCK};
    case DW_FORM_block4:
        return (struct dw_step){4, STEP_BLOCK};
    case DW_FORM_block:
    case DW_FORM_exprloc:
        return (struct dw_step){0, STEP_BLOCK};
    case DW_FORM_indirect:
        return (struct dw_step){0, STEP_INDIRECT};
    default:
        return step_of_fixed(abbrevs, form);
    }
}

static bool is_reference_in_unit(uint16_t form)
{
    return form == DW_FORM_ref4 || form == DW_FORM_ref2 ||
           form == DW_FORM_ref1 || form == DW_FORM_ref8;
}

static void add_step(struct dw_abbrevs *abbrevs, struct dw_abbrev *abbrev,
                     const struct dw_attribute *attribute)
{
    struct dw_step step = step_of(abbrevs, attribute->form), *last;

    if (attribute->name == DW_AT_sibling &&
        is_reference_in_unit(attribute->form))
        step.kind = STEP_SIBLING;
    last = abbrev->step_count ? &abbrevs->steps[abbrevs->step_count - 1] : NULL;
    if (step.kind == STEP_BYTES && last && last->kind == STEP_BYTES) {
        last->size += step.size;
        return;
    }
    ARRAY_ROOM(abbrevs->steps, abbrevs->step_count, abbrevs->step_capacity);
    abbrevs->steps[abbrevs->step_count++] = step;
    abbrev->step_count++;
}

/* A form in the DIE itself. */
static void step_indirect(struct dw_unit *unit, struct dw_cursor *c)
{
    struct dw_attribute attribute = {0, DW_FORM_indirect, 0};

    sigprof__dw_value(unit, c, &attribute);
}

void sigprof__dw_step_over(struct dw_unit *unit, struct dw_cursor *c,
                           const struct dw_abbrev *abbrev, uint64_t *sibling)
{
    const struct dw_step *steps = unit->abbrevs->steps;

    *sibling = 0;
    for (size_t i = 0; i < abbrev->step_count; i++) {
        const struct dw_step *step = &steps[abbrev->first_step + i];

        switch (step->kind) {
        case STEP_BYTES:
            sigprof__dw_skip(c, step->size);
            break;
        case STEP_SIBLING:
            *sibling = unit->offset + sigprof__dw_fixed(c, step->size);
            break;
        case STEP_LEB:
            sigprof__dw_uleb(c);
            break;
        case STEP_STRING:
            sigprof__dw_string(c);
            break;
        case STEP_BLOCK:
            sigprof__dw_skip(c, step->size ? sigprof__dw_fixed(c, step->size)
                                           : sigprof__dw_uleb(c));
            break;
        case STEP_INDIRECT:
            step_indirect(unit, c);
            break;
        default:
            sigprof__dw_take(c, UINT64_MAX);
        }
    }
}

/* ---- Tables -------------------------------------------------------------- */

#define MOST_ATTRIBUTES 1000 /* of one abbreviation; compilers write 20 */

static bool read_attributes(struct dw_abbrevs *abbrevs, struct dw_cursor *c,
                            struct dw_abbrev *abbrev)
{
    for (;;) {
        uint64_t name = sigprof__dw_uleb(c), form = sigprof__dw_uleb(c);
        struct dw_attribute attribute = {(uint16_t)name, (uint16_t)form, 0};

        if (form == DW_FORM_implicit_const)
            attribute.constant = sigprof__dw_sleb(c);
        if (c->failed || abbrev->attribute_count == MOST_ATTRIBUTES)
            return false;
        if (name == 0 && form == 0)
            return true;
        if (name > UINT16_MAX || form > UINT16_MAX)
            attribute.form = 0; /* no form: the DIE cannot be read */
        ARRAY_ROOM(abbrevs->attributes, abbrevs->attribute_count,
                   abbrevs->attribute_capacity);
        abbrevs->attributes[abbrevs->attribute_count++] = attribute;
        abbrev->attribute_count++;
        add_step(abbrevs, abbrev, &attribute);
    }
}

static int by_code(const void *a, const void *b)
{
    const struct dw_abbrev *x = a, *y = b;

    return (x->code > y->code) - (x->code < y->code);
}

const struct dw_abbrev *
sigprof__dw_abbrev_slow(const struct dw_abbrevs *abbrevs, uint64_t code)
{
    struct dw_abbrev key = {.code = code};

    return abbrevs->count ? bsearch(&key, abbrevs->items, abbrevs->count,
                                    sizeof *abbrevs->items, by_code)
                          : NULL;
}

/* As far as the abbreviation with the code `last`; 0: all. */
static void read_table(struct dw_abbrevs *abbrevs, struct dw_cursor c,
                       uint64_t last)
{
    bool sorted = true, found = false;

    while (!found) {
        struct dw_abbrev abbrev = {.code = sigprof__dw_uleb(&c)};

        if (abbrev.code == 0 || c.failed)
            break;
        abbrev.tag = (uint16_t)sigprof__dw_uleb(&c);
        abbrev.has_children = sigprof__dw_u8(&c) != 0;
        abbrev.first_attribute = (uint32_t)abbrevs->attribute_count;
        abbrev.first_step = (uint32_t)abbrevs->step_count;
        if (!read_attributes(abbrevs, &c, &abbrev))
            break;
        if (abbrevs->count &&
            abbrevs->items[abbrevs->count - 1].code >= abbrev.code)
            sorted = false;
        ARRAY_ROOM(abbrevs->items, abbrevs->count, abbrevs->capacity);
        abbrevs->items[abbrevs->count++] = abbrev;
        found = last && abbrev.code == last;
    }
    if (!sorted)
        qsort(abbrevs->items, abbrevs->count, sizeof *abbrevs->items, by_code);
}

void sigprof__dw_abbrevs_free(struct dw_abbrevs *abbrevs)
{
    free(abbrevs->items);
    free(abbrevs->attributes);
    free(abbrevs->steps);
    free(abbrevs);
}

static int compare_table(const struct dw_abbrevs *a, const struct dw_unit *unit)
{
    if (a->offset != unit->abbrev_offset)
        return a->offset < unit->abbrev_offset ? -1 : 1;
    if (a->address_size != unit->address_size)
        return a->address_size < unit->address_size ? -1 : 1;
    if (a->offset_size != unit->offset_size)
        return a->offset_size < unit->offset_size ? -1 : 1;
    return (a->version > unit->version) - (a->version < unit->version);
}

static struct dw_abbrevs *new_table(const struct dw_unit *unit, uint64_t last)
{
    size_t room = 0;
    struct dw_abbrevs *made = sigprof__store_grow(NULL, &room, sizeof *made, 1);

    *made = (struct dw_abbrevs){.offset = unit->abbrev_offset,
                                .address_size = unit->address_size,
                                .offset_size = unit->offset_size,
                                .version = unit->version};
    read_table(made, sigprof__dw_at(unit->file, DW_ABBREV, unit->abbrev_offset),
               last);
    return made;
}

struct dw_abbrevs *sigprof__dw_abbrevs_until(const struct dw_unit *unit,
                                             uint64_t code)
{
    return new_table(unit, code);
}

/* Many units can share a table: those of dwz and of LTO do. */
struct dw_abbrevs *sigprof__dw_abbrevs(struct dw_unit *unit)
{
    struct dw_file *file = unit->file;
    size_t low = 0, high = file->abbrevs_count;
    struct dw_abbrevs *made;

    if (unit->abbrevs)
        return unit->abbrevs;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_table(file->abbrevs[middle], unit);

        if (order == 0)
            return unit->abbrevs = file->abbrevs[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    made = new_table(unit, 0);
    ARRAY_ROOM(file->abbrevs, file->abbrevs_count, file->abbrevs_capacity);
    memmove(file->abbrevs + low + 1, file->abbrevs + low,
            (file->abbrevs_count - low) * sizeof *file->abbrevs);
    file->abbrevs[low] = made;
    file->abbrevs_count++;
    return unit->abbrevs = made;
}
