/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where functions begin in a file that has lost its symbols: .eh_frame_hdr lists
 * the start of every function with unwind information, sorted. It has no names,
 * but frames of one function become one frame.
 *
 * Only the form that linkers write is read (32-bit offsets from the section).
 */
#include <string.h>

#include "sym.h"

#define PCREL_SDATA4 0x1b
#define UDATA4 0x03
#define DATAREL_SDATA4 0x3b
#define HEADER_BYTES 12 /* version and encodings, .eh_frame's place, count */
#define ROW_BYTES 8     /* offset of the function, offset of its FDE */

struct starts {
    const uint8_t *rows;
    size_t count;
    uint64_t base; /* offsets are from here */
};

static uint32_t read32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static uint64_t start_at(const struct starts *starts, size_t index)
{
    return starts->base +
           (uint64_t)(int64_t)(int32_t)read32(starts->rows +
                                              index * ROW_BYTES);
}

static bool open_starts(struct sym_elf *elf, struct starts *starts)
{
    static const uint8_t header[] = {1, PCREL_SDATA4, UDATA4, DATAREL_SDATA4};
    size_t size;
    const uint8_t *section =
        sigprof__sym_elf_section(elf, ".eh_frame_hdr", &starts->base, &size);

    if (!section || size < HEADER_BYTES ||
        memcmp(section, header, sizeof header) != 0)
        return false;
    starts->rows = section + HEADER_BYTES;
    starts->count = read32(section + 8);
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

        if (start_at(starts, middle) <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : starts->count;
}

void sigprof__sym_fde_starts(struct sym_elf *elf, const uint64_t *addresses,
                             size_t count, struct sym_answer *answers)
{
    struct starts starts;

    if (!open_starts(elf, &starts))
        return;
    for (size_t i = 0; i < count; i++) {
        size_t row;

        if (answers[i].name)
            continue;
        row = row_of(&starts, addresses[i]);
        if (row == starts.count)
            continue;
        answers[i].start = start_at(&starts, row);
        if (answers[i].start == sigprof__sym_elf_entry(elf))
            answers[i].name = "_start"; /* what every linker script calls it */
    }
}
