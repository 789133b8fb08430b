/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Mach-O image's unwind tables, in ordinary code, once per image.
 *
 * __eh_frame has no table of its own beside it: the one that the handler searches is
 * made here. Compilers for these systems put there only what the compact tables of
 * __unwind_info cannot say, since all code has to keep a frame pointer: those functions
 * have no rule, and are stepped by that (guess.c). __unwind_info is not read: it is
 * right at calls only.
 *
 *      [rows: pc, FDE, sorted][__eh_frame]    copy, or a mapping of its own
 */
#include <string.h>

#include "objects-macho.h"
#include "os/os.h"
#include "unwind/cfi.h"
#include "unwind/rules.h"

#define ROW_BYTES 8

struct row {
    int32_t pc; /* both from the section's beginning */
    int32_t fde;
};

struct frames {
    uintptr_t low;  /* the section in the process */
    uintptr_t high;
};

static size_t align_up(size_t bytes)
{
    return (bytes + 7) & ~(size_t)7;
}

static bool find_frames(const struct object *object, struct frames *frames)
{
    return sigprof__macho_section(object, "__eh_frame", &frames->low,
                                  &frames->high) &&
           frames->high - frames->low <= INT32_MAX;
}

/* The code that the FDE at address here is for. */
static bool decode(const struct dwarf_in *all, uintptr_t here,
                   struct rules_unit *unit)
{
    uintptr_t cie;

    unit->program = *all;
    dwarf_skip(&unit->program, here - dwarf_address(all));
    if (!sigprof__rules_fde_head(&unit->program, &cie) ||
        cie < dwarf_address(all))
        return false;
    unit->initial = *all;
    dwarf_skip(&unit->initial, cie - dwarf_address(all));
    return sigprof__rules_cie(unit) && sigprof__rules_fde(unit);
}

/* FDEs of all, which is the section or a copy of it; rows: where to put them, or
 * NULL. */
static uint32_t list_rows(const struct dwarf_in *all, struct row *rows,
                          uint32_t room)
{
    uintptr_t base = dwarf_address(all);
    struct dwarf_in in = *all;
    struct rules_unit unit;
    uint32_t count = 0;

    while (dwarf_left(&in) >= 4 && (!rows || count < room)) {
        uintptr_t here = dwarf_address(&in);
        uint64_t bytes = dwarf_fixed(&in, 4);
        intptr_t pc;

        if (bytes == 0xffffffffu)
            bytes = dwarf_fixed(&in, 8);
        if (bytes == 0)
            break;
        dwarf_skip(&in, bytes);
        if (in.bad || !decode(all, here, &unit))
            continue;
        pc = (intptr_t)(unit.low - base);
        if (pc != (int32_t)pc)
            continue;
        if (rows)
            rows[count] = (struct row){(int32_t)pc, (int32_t)(here - base)};
        count++;
    }
    return count;
}

static void sift(struct row *rows, uint32_t at, uint32_t count)
{
    struct row row = rows[at];

    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && rows[child + 1].pc > rows[child].pc)
            child++;
        if (rows[child].pc <= row.pc)
            break;
        rows[at] = rows[child];
    }
    rows[at] = row;
}

/* Linkers write them in order, nearly always. qsort may use the program's
 * allocator. */
static void sort_rows(struct row *rows, uint32_t count)
{
    uint32_t sorted = 1;

    while (sorted < count && rows[sorted - 1].pc <= rows[sorted].pc)
        sorted++;
    if (sorted >= count)
        return;
    for (uint32_t i = count / 2; i-- > 0;)
        sift(rows, i, count);
    for (uint32_t last = count - 1; last > 0; last--) {
        struct row most = rows[0];

        rows[0] = rows[last];
        rows[last] = most;
        sift(rows, 0, last);
    }
}

/* A copy of the section in memory of its own, with the section's addresses. */
static uint8_t *copy_frames(const struct frames *frames, struct dwarf_in *all)
{
    size_t bytes = frames->high - frames->low;
    uint8_t *copy = sigprof__os_map(bytes);

    if (copy && !sigprof__macho_copy(frames->low, copy, bytes)) {
        sigprof__os_unmap(copy, bytes);
        copy = NULL;
    }
    if (copy)
        *all = (struct dwarf_in){copy, copy + bytes,
                                 frames->low - (uintptr_t)copy, false};
    return copy;
}

size_t sigprof__cfi_copy_bytes(const struct object *object)
{
    struct frames frames;
    struct dwarf_in all;
    uint8_t *copy;
    size_t rows;

    if (!find_frames(object, &frames))
        return 0;
    copy = copy_frames(&frames, &all);
    if (!copy)
        return 0;
    rows = list_rows(&all, NULL, 0) * (size_t)ROW_BYTES;
    sigprof__os_unmap(copy, frames.high - frames.low);
    return rows ? align_up(rows) + (frames.high - frames.low) : 0;
}

/* What the search begins with. */
static void measure_rows(struct module_cfi *cfi, const struct row *rows)
{
    int64_t bytes = (int64_t)rows[cfi->row_count - 1].pc - rows[0].pc;

    cfi->first_pc = rows[0].pc;
    if (bytes > 0)
        cfi->rows_per_byte = ((uint64_t)cfi->row_count << 32) / (uint64_t)bytes;
    if (cfi->rows_per_byte > CFI_DENSITY_MAX)
        cfi->rows_per_byte = CFI_DENSITY_MAX;
}

void sigprof__cfi_describe(struct module_cfi *cfi, const struct object *object,
                           uint8_t *copy, size_t copy_bytes)
{
    bool permanent = !copy;
    struct frames frames;
    struct dwarf_in all;
    size_t section, room;

    memset(cfi, 0, sizeof *cfi);
    if (permanent) {
        sigprof__macho_code(object, &cfi->code_low, &cfi->code_high);
        copy_bytes = sigprof__cfi_copy_bytes(object);
        copy = copy_bytes ? sigprof__os_map(copy_bytes) : NULL;
    }
    if (!copy || !find_frames(object, &frames))
        return;
    section = frames.high - frames.low;
    room = copy_bytes < section ? 0 : copy_bytes - section;
    if (room < ROW_BYTES || !sigprof__macho_copy(frames.low, copy + room, section))
        return;
    all = (struct dwarf_in){copy + room, copy + copy_bytes,
                            frames.low - (uintptr_t)(copy + room), false};
    cfi->row_count = list_rows(&all, (struct row *)(void *)copy,
                               (uint32_t)(room / ROW_BYTES));
    if (!cfi->row_count)
        return;
    sort_rows((struct row *)(void *)copy, cfi->row_count);
    cfi->frames = all.at;
    cfi->frames_end = all.end;
    cfi->delta = all.delta;
    cfi->rows = copy;
    cfi->rows_base = frames.low;
    measure_rows(cfi, (const struct row *)(const void *)copy);
}

void sigprof__cfi_prepare(void)
{
    uintptr_t word;

    sigprof__os_read_memory((uintptr_t)&sigprof__cfi_cache, &word, sizeof word);
    if (!sigprof__cfi_cache) /* benign: every step is interpreted */
        sigprof__cfi_cache = sigprof__os_map(CFI_CACHE_BYTES);
}
