/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding a module's .ARM.exidx and .ARM.extab, in ordinary code, once per module.
 *
 * The first has a program header, the second is wherever the first's rows lead to:
 * always in the same segment, and nearly always right in front of it.
 */
#include <string.h>

#include "objects-elf.h"
#include "unwind/arm-frame.h"
#include "unwind/exidx.h"

#define ROW_BYTES 8
#define HEAD_WORDS 2 /* of the longest head, in front of the instructions */
#define ENTRY_WORDS (EHABI_CODE_MAX / sizeof(uint32_t) + HEAD_WORDS)

struct tables {
    uintptr_t rows;
    uint32_t count;
    uintptr_t low, high; /* that a copy has to hold */
};

static uint32_t word_at(uintptr_t address)
{
    return *(const uint32_t *)address;
}

/* Where an entry of the second table ends, as far as it lies below limit. */
static uintptr_t end_of_entry(uintptr_t entry, uintptr_t limit)
{
    uintptr_t words = (limit - entry) / sizeof(uint32_t);
    unsigned first, bytes;

    if (sigprof__ehabi_find((const uint32_t *)entry,
                            (unsigned)(words > ENTRY_WORDS ? ENTRY_WORDS
                                                           : words),
                            &first, &bytes) != EHABI_OK)
        return entry + sizeof(uint32_t);
    return entry + first + bytes;
}

/* Widens the range to what the rows lead to. */
static void take_entries(struct tables *tables, uintptr_t low, uintptr_t high)
{
    for (uint32_t i = 0; i < tables->count; i++) {
        uintptr_t at = tables->rows + i * (uintptr_t)ROW_BYTES + 4;
        uint32_t word = word_at(at);
        uintptr_t entry = ehabi_prel31((uint32_t)at, word);
        uintptr_t end;

        if (word == EHABI_CANTUNWIND || (word & 0x80000000) || entry < low ||
            entry > high - sizeof word || entry % sizeof word != 0)
            continue;
        end = end_of_entry(entry, high);
        if (entry < tables->low)
            tables->low = entry;
        if (end > tables->high)
            tables->high = end;
    }
}

/* The readable segment that holds address: where it begins. */
static uintptr_t segment_begin(const struct object *object,
                               uintptr_t address)
{
    for (unsigned i = 0; i < object->part_count; i++) {
        const ElfW(Phdr) *phdr = elf_phdr(object, i);
        uintptr_t low = object->bias + phdr->p_vaddr;

        if (phdr->p_type == PT_LOAD && (phdr->p_flags & PF_R) &&
            address - low < phdr->p_memsz)
            return low;
    }
    return 0;
}

static bool find_tables(const struct object *object, struct tables *tables)
{
    uintptr_t end;

    memset(tables, 0, sizeof *tables);
    for (unsigned i = 0; i < object->part_count; i++) {
        const ElfW(Phdr) *phdr = elf_phdr(object, i);

        if (phdr->p_type != PT_ARM_EXIDX)
            continue;
        tables->rows = object->bias + phdr->p_vaddr;
        tables->count = phdr->p_memsz / ROW_BYTES;
    }
    end = sigprof__elf_segment_end(object, tables->rows);
    if (tables->count == 0 || tables->rows % sizeof(uint32_t) != 0 ||
        end == 0 || tables->count > (end - tables->rows) / ROW_BYTES)
        return false;
    tables->low = tables->rows;
    tables->high = tables->rows + tables->count * (uintptr_t)ROW_BYTES;
    take_entries(tables, segment_begin(object, tables->rows), end);
    return true;
}

size_t sigprof__exidx_copy_bytes(const struct object *object)
{
    struct tables tables;

    return find_tables(object, &tables) ? tables.high - tables.low : 0;
}

void sigprof__exidx_describe(struct module_cfi *cfi,
                             const struct object *object, uint8_t *copy,
                             size_t copy_bytes)
{
    struct tables tables;

    if (!find_tables(object, &tables))
        return;
    if (copy) {
        if (copy_bytes < tables.high - tables.low)
            return;
        memcpy(copy, (const void *)tables.low, tables.high - tables.low);
        cfi->exidx_delta = tables.low - (uintptr_t)copy;
    }
    cfi->exidx = (const uint32_t *)(tables.rows - cfi->exidx_delta);
    cfi->exidx_count = tables.count;
    cfi->exidx_low = tables.low;
    cfi->exidx_high = tables.high;
}
