/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where functions begin in a file that has lost its symbols: .eh_frame_hdr lists
 * the start of every function with unwind information, sorted, and where in
 * .eh_frame the rest is: how far it reaches. It has no names, but frames of one
 * function become one frame. What is between functions stays an address.
 *
 * Only the form that linkers write is read (32-bit offsets from the section).
 */
#include <string.h>

#include "dwarf_impl.h"

#define PCREL_SDATA4 0x1b
#define UDATA4 0x03
#define DATAREL_SDATA4 0x3b
#define HEADER_BYTES 12 /* version and encodings, .eh_frame's place, count */
#define ROW_BYTES 8     /* offset of the function, offset of its FDE */

#define FORMAT_MASK 0x0f /* of an encoding; the rest says what to add */
#define ALIGNED 0x50
#define OMITTED 0xff

struct starts {
    const uint8_t *rows;
    size_t count;
    uint64_t base; /* offsets are from here */
    const uint8_t *frames; /* .eh_frame */
    size_t frames_size;
    uint64_t frames_base;
    unsigned pointer_bytes;
    bool big;
};

static struct dw_cursor cursor(const struct starts *starts, const uint8_t *at,
                               size_t size)
{
    return (struct dw_cursor){.at = at, .end = at + size, .big = starts->big};
}

/* Field 0 of a row is where the function is, field 1 its FDE. */
static uint64_t row_address(const struct starts *starts, size_t row,
                            unsigned field)
{
    struct dw_cursor c =
        cursor(starts, starts->rows + row * ROW_BYTES + 4 * field, 4);

    return starts->base +
           (uint64_t)(int64_t)(int32_t)(uint32_t)sigprof__dw_fixed(&c, 4);
}

static bool open_starts(struct sym_elf *elf, struct starts *starts)
{
    static const uint8_t header[] = {1, PCREL_SDATA4, UDATA4, DATAREL_SDATA4};
    const uint8_t *section;
    struct dw_cursor c;
    size_t size;

    starts->big = elf->header.e_ident[EI_DATA] == ELFDATA2MSB;
    starts->pointer_bytes = elf->header.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
    starts->frames = sigprof__sym_elf_section(
        elf, ".eh_frame", &starts->frames_base, &starts->frames_size);
    section =
        sigprof__sym_elf_section(elf, ".eh_frame_hdr", &starts->base, &size);
    if (!starts->frames || !section || size < HEADER_BYTES ||
        memcmp(section, header, sizeof header) != 0)
        return false;
    c = cursor(starts, section + 8, 4);
    starts->rows = section + HEADER_BYTES;
    starts->count = sigprof__dw_fixed(&c, 4);
    if (starts->count > (size - HEADER_BYTES) / ROW_BYTES)
        starts->count = (size - HEADER_BYTES) / ROW_BYTES;
    return starts->count > 0;
}

/* The last row that starts at or before address; count if none does. */
static size_t row_of(const struct starts *starts, uint64_t address)
{
    size_t low = 0, high = starts->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (row_address(starts, middle, 0) <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : starts->count;
}

/* ---- How far a function reaches ------------------------------------------ */

/* Bytes of a pointer in this encoding; 0: not a fixed number. */
static unsigned pointer_size(const struct starts *starts, uint8_t encoding)
{
    if (encoding == OMITTED || (encoding & 0x70) == ALIGNED)
        return 0;
    switch (encoding & FORMAT_MASK) {
    case 0x00: /* DW_EH_PE_absptr, and its signed counterpart */
    case 0x08:
        return starts->pointer_bytes;
    case 0x02:
    case 0x0a:
        return 2;
    case 0x03:
    case 0x0b:
        return 4;
    case 0x04:
    case 0x0c:
        return 8;
    default:
        return 0;
    }
}

/* The bytes of an entry behind its length, and its id; where is the offset of the
 * id's field. False: there is no entry that can be read. */
static bool open_entry(const struct starts *starts, uint64_t offset,
                       struct dw_cursor *c, uint64_t *where, uint64_t *id)
{
    uint64_t size;

    if (offset >= starts->frames_size)
        return false;
    *c = cursor(starts, starts->frames + offset, starts->frames_size - offset);
    size = sigprof__dw_fixed(c, 4);
    if (c->failed || size >= 0xfffffff0 || size > (uint64_t)(c->end - c->at))
        return false;
    c->end = c->at + size;
    *where = offset + 4;
    *id = sigprof__dw_fixed(c, 4);
    return !c->failed;
}

/* The encoding of addresses in the FDEs of a CIE, from what follows its
 * augmentation string; OMITTED: not known. */
static uint8_t augmented_encoding(const struct starts *starts,
                                  const char *letters, struct dw_cursor *c)
{
    if (*letters == '\0')
        return 0; /* plain pointers */
    if (*letters++ != 'z')
        return OMITTED;
    sigprof__dw_uleb(c);
    for (; *letters; letters++) {
        if (*letters == 'R')
            return sigprof__dw_u8(c);
        if (*letters == 'L') {
            sigprof__dw_skip(c, 1);
        } else if (*letters == 'P') {
            uint8_t encoding = sigprof__dw_u8(c);
            unsigned size = pointer_size(starts, encoding);

            if (!size && encoding != OMITTED)
                return OMITTED;
            sigprof__dw_skip(c, size);
        } else if (*letters != 'S' && *letters != 'B' && *letters != 'G') {
            return OMITTED;
        }
    }
    return 0;
}

static uint8_t cie_encoding(const struct starts *starts, uint64_t offset)
{
    struct dw_cursor c;
    uint64_t where, id;
    const char *letters;
    uint8_t version, encoding;

    if (!open_entry(starts, offset, &c, &where, &id) || id != 0)
        return OMITTED;
    version = sigprof__dw_u8(&c);
    letters = sigprof__dw_string(&c);
    if ((version != 1 && version != 3) || !letters)
        return OMITTED;
    sigprof__dw_uleb(&c); /* alignment of code, and of data */
    sigprof__dw_sleb(&c);
    if (version == 1)
        sigprof__dw_skip(&c, 1);
    else
        sigprof__dw_uleb(&c);
    encoding = augmented_encoding(starts, letters, &c);
    return c.failed ? OMITTED : encoding;
}

/* Bytes of code that a row's FDE covers; 0: none, or not known. */
static uint64_t row_reach(const struct starts *starts, size_t row)
{
    struct dw_cursor c;
    uint64_t where, back, reach;
    unsigned size;

    if (!open_entry(starts, row_address(starts, row, 1) - starts->frames_base,
                    &c, &where, &back) ||
        back == 0 || back > where)
        return 0;
    size = pointer_size(starts, cie_encoding(starts, where - back));
    if (!size)
        return 0;
    sigprof__dw_skip(&c, size); /* the start, again */
    reach = sigprof__dw_fixed(&c, size);
    return c.failed ? 0 : reach;
}

void sigprof__sym_fde_starts(struct sym_elf *elf, const uint64_t *addresses,
                             size_t count, struct sym_answer *answers)
{
    struct starts starts;

    if (!open_starts(elf, &starts))
        return;
    for (size_t i = 0; i < count; i++) {
        uint64_t start;
        size_t row;

        if (answers[i].name)
            continue;
        row = row_of(&starts, addresses[i]);
        if (row == starts.count)
            continue;
        start = row_address(&starts, row, 0);
        if (addresses[i] - start >= row_reach(&starts, row))
            continue;
        answers[i].start = start;
        if (start == sigprof__sym_elf_entry(elf))
            answers[i].name = "_start"; /* what every linker script calls it */
    }
}
