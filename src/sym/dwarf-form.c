/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of attributes, and lists of ranges. */
#include "dwarf_forms.h"
#include "dwarf_impl.h"

/* ---- Values -------------------------------------------------------------- */

static struct dw_value number(uint64_t value)
{
    return (struct dw_value){DW_NUMBER, value, NULL};
}

static struct dw_value of_class(enum dw_class class, uint64_t value)
{
    return (struct dw_value){class, value, NULL};
}

static struct dw_value in_unit(const struct dw_unit *unit, uint64_t offset)
{
    return of_class(DW_REFERENCE, unit->offset + offset);
}

static struct dw_value text(const char *at)
{
    return (struct dw_value){DW_TEXT, 0, at};
}

static struct dw_value text_of(struct dw_unit *unit, struct dw_cursor *c,
                               enum dw_section which)
{
    return text(sigprof__dw_string_at(unit->file, which,
                                      sigprof__dw_fixed(c, unit->offset_size)));
}

static struct dw_value text_of_supplement(struct dw_unit *unit,
                                          struct dw_cursor *c)
{
    uint64_t offset = sigprof__dw_fixed(c, unit->offset_size);

    return text(
        unit->file->supplement
            ? sigprof__dw_string_at(unit->file->supplement, DW_STR, offset)
            : NULL);
}

static struct dw_value nothing(struct dw_cursor *c, uint64_t size)
{
    sigprof__dw_skip(c, size);
    return (struct dw_value){DW_NOTHING, 0, NULL};
}

static struct dw_value reference(struct dw_unit *unit, struct dw_cursor *c,
                                 uint16_t form)
{
    switch (form) {
    case DW_FORM_ref1:
        return in_unit(unit, sigprof__dw_u8(c));
    case DW_FORM_ref2:
        return in_unit(unit, sigprof__dw_fixed(c, 2));
    case DW_FORM_ref4:
        return in_unit(unit, sigprof__dw_fixed(c, 4));
    case DW_FORM_ref8:
        return in_unit(unit, sigprof__dw_fixed(c, 8));
    case DW_FORM_ref_udata:
        return in_unit(unit, sigprof__dw_uleb(c));
    case DW_FORM_ref_addr:
        return of_class(DW_REFERENCE,
                        sigprof__dw_fixed(c, unit->version <= 2
                                                 ? unit->address_size
                                                 : unit->offset_size));
    case DW_FORM_ref_sup4:
        return of_class(DW_REFERENCE_SUPPLEMENT, sigprof__dw_fixed(c, 4));
    case DW_FORM_ref_sup8:
        return of_class(DW_REFERENCE_SUPPLEMENT, sigprof__dw_fixed(c, 8));
    default: /* DW_FORM_GNU_ref_alt */
        return of_class(DW_REFERENCE_SUPPLEMENT,
                        sigprof__dw_fixed(c, unit->offset_size));
    }
}

/* Forms that came with split DWARF: indices into tables of the unit. */
static struct dw_value indexed(struct dw_cursor *c, uint16_t form)
{
    switch (form) {
    case DW_FORM_strx:
    case DW_FORM_GNU_str_index:
        return of_class(DW_STRING_INDEX, sigprof__dw_uleb(c));
    case DW_FORM_strx1:
    case DW_FORM_strx2:
    case DW_FORM_strx3:
    case DW_FORM_strx4:
        return of_class(DW_STRING_INDEX,
                        sigprof__dw_fixed(c, form - DW_FORM_strx1 + 1u));
    case DW_FORM_addrx:
    case DW_FORM_GNU_addr_index:
        return of_class(DW_ADDRESS_INDEX, sigprof__dw_uleb(c));
    case DW_FORM_addrx1:
    case DW_FORM_addrx2:
    case DW_FORM_addrx3:
    case DW_FORM_addrx4:
        return of_class(DW_ADDRESS_INDEX,
                        sigprof__dw_fixed(c, form - DW_FORM_addrx1 + 1u));
    case DW_FORM_rnglistx:
        return of_class(DW_LIST_INDEX, sigprof__dw_uleb(c));
    case DW_FORM_loclistx:
        sigprof__dw_uleb(c);
        return nothing(c, 0);
    default:
        return nothing(c, UINT64_MAX); /* an unknown size: the end */
    }
}

static struct dw_value plain(struct dw_unit *unit, struct dw_cursor *c,
                             const struct dw_attribute *attribute)
{
    switch (attribute->form) {
    case DW_FORM_flag_present:
        return number(1);
    case DW_FORM_implicit_const:
        return number((uint64_t)attribute->constant);
    case DW_FORM_data1:
    case DW_FORM_flag:
        return number(sigprof__dw_u8(c));
    case DW_FORM_data2:
        return number(sigprof__dw_fixed(c, 2));
    case DW_FORM_data4:
        return number(sigprof__dw_fixed(c, 4));
    case DW_FORM_data8:
        return number(sigprof__dw_fixed(c, 8));
    case DW_FORM_udata:
        return number(sigprof__dw_uleb(c));
    case DW_FORM_sdata:
        return number((uint64_t)sigprof__dw_sleb(c));
    case DW_FORM_sec_offset:
        return number(sigprof__dw_fixed(c, unit->offset_size));
    case DW_FORM_addr:
        return of_class(DW_ADDRESS, sigprof__dw_fixed(c, unit->address_size));
    case DW_FORM_string:
        return text(sigprof__dw_string(c));
    case DW_FORM_strp:
        return text_of(unit, c, DW_STR);
    case DW_FORM_line_strp:
        return text_of(unit, c, DW_LINE_STR);
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_strp_alt:
        return text_of_supplement(unit, c);
    case DW_FORM_data16:
        return nothing(c, 16);
    case DW_FORM_ref_sig8:
        return nothing(c, 8);
    case DW_FORM_block1:
        return nothing(c, sigprof__dw_u8(c));
    case DW_FORM_block2:
        return nothing(c, sigprof__dw_fixed(c, 2));
    case DW_FORM_block4:
        return nothing(c, sigprof__dw_fixed(c, 4));
    case DW_FORM_block:
    case DW_FORM_exprloc:
        return nothing(c, sigprof__dw_uleb(c));
    default:
        return indexed(c, attribute->form);
    }
}

static bool is_reference(uint16_t form)
{
    return (form >= DW_FORM_ref_addr && form <= DW_FORM_ref_udata) ||
           form == DW_FORM_ref_sup4 || form == DW_FORM_ref_sup8 ||
           form == DW_FORM_GNU_ref_alt;
}

struct dw_value sigprof__dw_value(struct dw_unit *unit, struct dw_cursor *c,
                                  const struct dw_attribute *attribute)
{
    struct dw_attribute inner = *attribute;

    if (inner.form == DW_FORM_indirect) {
        uint64_t form = sigprof__dw_uleb(c);

        /* One in itself would be a loop; a constant has no place here. */
        if (form > UINT16_MAX || form == DW_FORM_indirect ||
            form == DW_FORM_implicit_const)
            return nothing(c, UINT64_MAX);
        inner.form = (uint16_t)form;
    }
    return is_reference(inner.form) ? reference(unit, c, inner.form)
                                    : plain(unit, c, &inner);
}

const char *sigprof__dw_text(struct dw_unit *unit, struct dw_value value)
{
    struct dw_cursor c;
    uint64_t offset;

    if (value.class != DW_STRING_INDEX)
        return value.text;
    if (value.number > UINT32_MAX)
        return NULL;
    c = sigprof__dw_at(unit->file, DW_STR_OFFSETS,
                       unit->str_offsets_base +
                           value.number * unit->offset_size);
    offset = sigprof__dw_fixed(&c, unit->offset_size);
    return c.failed ? NULL : sigprof__dw_string_at(unit->file, DW_STR, offset);
}

bool sigprof__dw_address(struct dw_unit *unit, struct dw_value value,
                         uint64_t *address)
{
    struct dw_unit *outer = sigprof__dw_outer(unit);
    struct dw_cursor c;

    *address = value.number;
    if (value.class != DW_ADDRESS_INDEX)
        return value.class == DW_ADDRESS;
    if (value.number > UINT32_MAX)
        return false;
    c = sigprof__dw_at(outer->file, DW_ADDR,
                       outer->addr_base + value.number * outer->address_size);
    *address = sigprof__dw_fixed(&c, outer->address_size);
    return !c.failed;
}

/* ---- Ranges -------------------------------------------------------------- */

#define MOST_RANGES 1000000 /* of one list: more is not a list */

/* What a linker leaves for code that it dropped: 0, or all ones, or, in a list
 * where these mean something else, 1 or all ones but one. */
static bool was_dropped(const struct dw_unit *unit, uint64_t low)
{
    uint64_t ones = unit->address_size == 4 ? UINT32_MAX : UINT64_MAX;

    return low <= 1 || low >= ones - 1;
}

void sigprof__dw_range_add(struct dw_unit *unit, uint64_t low, uint64_t high,
                           struct dw_ranges *ranges)
{
    if (low >= high || was_dropped(unit, low))
        return;
    ARRAY_ROOM(ranges->items, ranges->count, ranges->capacity);
    ranges->items[ranges->count++] = (struct dw_range){low, high};
}

/* DWARF 2 to 4: pairs of offsets from a base; a first one of all ones sets it.
 */
static void read_pairs(struct dw_unit *unit, uint64_t offset,
                       struct dw_ranges *ranges)
{
    struct dw_unit *outer = sigprof__dw_outer(unit);
    struct dw_cursor c = sigprof__dw_at(outer->file, DW_RANGES, offset);
    uint64_t ones = unit->address_size == 4 ? UINT32_MAX : UINT64_MAX;
    uint64_t base = outer->base;

    for (size_t i = 0; i < MOST_RANGES; i++) {
        uint64_t low = sigprof__dw_fixed(&c, unit->address_size);
        uint64_t high = sigprof__dw_fixed(&c, unit->address_size);

        if (c.failed || (low == 0 && high == 0))
            return;
        if (low == ones)
            base = high;
        else if (!(base == 0 && was_dropped(unit, low)))
            sigprof__dw_range_add(unit, base + low, base + high, ranges);
    }
}

struct list {
    struct dw_unit *unit;
    struct dw_cursor c;
    uint64_t base;
};

static uint64_t list_address(struct list *list, bool by_index)
{
    uint64_t address = 0;
    struct dw_value value;

    if (!by_index)
        return sigprof__dw_fixed(&list->c, list->unit->address_size);
    value = of_class(DW_ADDRESS_INDEX, sigprof__dw_uleb(&list->c));
    if (!sigprof__dw_address(list->unit, value, &address))
        list->c.failed = true;
    return address;
}

/* False at the end. */
static bool read_entry(struct list *list, struct dw_range *range)
{
    uint8_t kind = sigprof__dw_u8(&list->c);
    bool by_index = kind <= DW_RLE_startx_length;

    *range = (struct dw_range){0, 0};
    switch (kind) {
    case DW_RLE_base_addressx:
    case DW_RLE_base_address:
        list->base = list_address(list, by_index);
        break;
    case DW_RLE_startx_endx:
    case DW_RLE_start_end:
        range->low = list_address(list, by_index);
        range->high = list_address(list, by_index);
        break;
    case DW_RLE_startx_length:
    case DW_RLE_start_length:
        range->low = list_address(list, by_index);
        range->high = range->low + sigprof__dw_uleb(&list->c);
        break;
    case DW_RLE_offset_pair:
        range->low = sigprof__dw_uleb(&list->c);
        range->high = list->base + sigprof__dw_uleb(&list->c);
        range->low += list->base;
        if (was_dropped(list->unit, list->base) && list->base)
            range->high = range->low;
        break;
    default:
        return false;
    }
    return !list->c.failed;
}

static void read_list(struct dw_unit *unit, uint64_t offset,
                      struct dw_ranges *ranges)
{
    struct list list = {unit, sigprof__dw_at(unit->file, DW_RNGLISTS, offset),
                        sigprof__dw_outer(unit)->base};
    struct dw_range range;

    for (size_t i = 0; i < MOST_RANGES && read_entry(&list, &range); i++)
        sigprof__dw_range_add(unit, range.low, range.high, ranges);
}

void sigprof__dw_ranges(struct dw_unit *unit, struct dw_value value,
                        struct dw_ranges *ranges)
{
    uint64_t offset = value.number;

    if (unit->version < 5) {
        /* Those of a .dwo are in the program, from a base on. */
        read_pairs(unit,
                   offset + (unit->skeleton ? unit->skeleton->ranges_base : 0),
                   ranges);
        return;
    }
    if (value.class == DW_LIST_INDEX) {
        struct dw_cursor c;

        if (offset > UINT32_MAX)
            return;
        c = sigprof__dw_at(unit->file, DW_RNGLISTS,
                           unit->rnglists_base + offset * unit->offset_size);
        offset = unit->rnglists_base + sigprof__dw_fixed(&c, unit->offset_size);
        if (c.failed)
            return;
    }
    read_list(unit, offset, ranges);
}
