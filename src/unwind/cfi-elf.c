/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding a module's unwind tables, in ordinary code, once per module.
 *
 * .eh_frame_hdr names .eh_frame and has, as every linker makes it, a table sorted
 * by address. Both lie in one segment with the header nearly always in front; all
 * that is checked here is never checked again in the handler.
 */
#include <dlfcn.h>
#include <string.h>

#include "arch/arch.h"
#include "objects-elf.h"
#include "os/os.h"
#include "unwind/cfi.h"
#include "unwind/dwarf.h"
#include "unwind/exidx.h"

#define HDR_VERSION 1
#define HDR_BYTES 64 /* more than come before the rows: 4, and two pointers */
#define HDR_ROW_BYTES 8 /* of the only encoding in use: two sdata4 */

/* Where the tables are, as addresses in the process. */
struct tables {
    uintptr_t low, high; /* what a copy has to hold */
    uintptr_t frames;
    uintptr_t hdr;
    uintptr_t hdr_high; /* where that is not in there: a second piece */
    uintptr_t rows; /* 0: no usable table */
    uint32_t row_count;
};

static void find_rows(struct tables *tables, struct dwarf_in *in, uintptr_t end,
                      unsigned count_encoding, unsigned row_encoding)
{
    uint64_t count;

    if (count_encoding == DWARF_PE_OMIT ||
        row_encoding != (DWARF_PE_DATAREL | DWARF_PE_SDATA4))
        return;
    count = sigprof__dwarf_pointer(in, count_encoding, tables->hdr);
    if (in->bad || count > (end - dwarf_address(in)) / HDR_ROW_BYTES)
        return;
    tables->rows = dwarf_address(in);
    tables->row_count = (uint32_t)count;
}

/* Behind the last FDE that has a row; 0: beyond limit. */
static uintptr_t end_of_frames(const struct tables *tables, uintptr_t limit)
{
    const uint8_t *rows =
        sigprof__os_loaded(OS_LOADED_ROWS, tables->rows,
                           tables->row_count * (size_t)HDR_ROW_BYTES);
    const uint8_t *frames = sigprof__os_loaded(
        OS_LOADED_FRAMES, tables->frames, limit - tables->frames);
    uintptr_t high = tables->frames;

    for (uint32_t i = 0; rows && frames && i < tables->row_count; i++) {
        const uint8_t *row = rows + i * (size_t)HDR_ROW_BYTES;
        uintptr_t at = tables->hdr + (uintptr_t)(intptr_t)(int32_t)dwarf_load(
                                         row + 4, 4);
        uintptr_t bytes;

        if (at < tables->frames || at > limit - 4)
            return 0;
        bytes = 4 + (uintptr_t)dwarf_load(frames + (at - tables->frames), 4);
        if (bytes > limit - at)
            return 0;
        if (at + bytes > high)
            high = at + bytes;
    }
    return high;
}

/* In a segment of their own, as on 32-bit illumos, where .eh_frame is writable: what
 * lies behind them there is data. */
static bool find_apart(struct tables *tables, uintptr_t limit)
{
    if (limit < 4 || !tables->row_count)
        return false;
    tables->hdr_high =
        tables->rows + tables->row_count * (uintptr_t)HDR_ROW_BYTES;
    tables->low = tables->frames;
    tables->high = end_of_frames(tables, limit);
    return tables->high > tables->low;
}

static bool find_tables(const struct object *object, struct tables *tables)
{
    uintptr_t hdr = sigprof__elf_eh_frame_hdr(object);
    uintptr_t end = hdr ? sigprof__elf_segment_end(object, hdr) : 0;
    size_t bytes = end - hdr < HDR_BYTES ? end - hdr : HDR_BYTES;
    const uint8_t *at = end ? sigprof__os_loaded(OS_LOADED_TABLES, hdr, bytes) : NULL;
    struct dwarf_in in = {at, at, hdr - (uintptr_t)at, false};
    unsigned frame_encoding, count_encoding, row_encoding;
    uintptr_t frames_end;

    memset(tables, 0, sizeof *tables);
    if (!at)
        return false;
    in.end = at + bytes;
    if (dwarf_byte(&in) != HDR_VERSION)
        return false;
    tables->hdr = hdr;
    frame_encoding = dwarf_byte(&in);
    count_encoding = dwarf_byte(&in);
    row_encoding = dwarf_byte(&in);
    tables->frames = sigprof__dwarf_pointer(&in, frame_encoding, hdr);
    frames_end = sigprof__elf_segment_end(object, tables->frames);
    if (in.bad || frames_end == 0)
        return false;
    find_rows(tables, &in, end, count_encoding, row_encoding);
    if (frames_end != end)
        return find_apart(tables, frames_end);
    tables->low = hdr < tables->frames ? hdr : tables->frames;
    tables->high = end;
    return true;
}

static size_t bytes_of(const struct tables *tables)
{
    return tables->high - tables->low +
           (tables->hdr_high ? tables->hdr_high - tables->hdr : 0);
}

/* *rows_delta: what an address of the rows is more than that of their copy. false: the
 * object is going. */
static bool copy_tables(const struct tables *tables, uint8_t *copy,
                        uintptr_t *rows_delta)
{
    size_t frames = tables->high - tables->low;

    *rows_delta = tables->low - (uintptr_t)copy;
    if (!sigprof__os_loaded_copy(copy, tables->low, frames))
        return false;
    if (!tables->hdr_high)
        return true;
    *rows_delta = tables->hdr - (uintptr_t)(copy + frames);
    return sigprof__os_loaded_copy(copy + frames, tables->hdr,
                                   tables->hdr_high - tables->hdr);
}

/* Where the copy of the other tables begins, behind that of these. */
static size_t exidx_at(size_t bytes)
{
    return (bytes + 7) & ~(size_t)7;
}

size_t sigprof__cfi_copy_bytes(const struct object *object)
{
    struct tables tables;
    size_t bytes = find_tables(object, &tables) ? bytes_of(&tables) : 0;
    size_t exidx = sigprof__exidx_copy_bytes(object);

    return exidx ? exidx_at(bytes) + exidx : bytes;
}

/* Segments may have gaps between them: the largest will do. */
static void find_code(struct module_cfi *cfi, const struct object *object)
{
    for (unsigned i = 0; i < object->part_count; i++) {
        const ElfW(Phdr) *phdr = elf_phdr(object, i);

        if (phdr->p_type != PT_LOAD || !(phdr->p_flags & PF_X) ||
            !(phdr->p_flags & PF_R) ||
            phdr->p_memsz <= cfi->code_high - cfi->code_low)
            continue;
        cfi->code_low = object->bias + phdr->p_vaddr;
        cfi->code_high = cfi->code_low + phdr->p_memsz;
    }
}

/* What the search in the table begins with. */
static void measure_rows(struct module_cfi *cfi)
{
    const uint8_t *last = cfi->rows + HDR_ROW_BYTES * (cfi->row_count - 1);
    int64_t bytes;

    cfi->first_pc = (int32_t)dwarf_load(cfi->rows, 4);
    bytes = (int64_t)(int32_t)dwarf_load(last, 4) - cfi->first_pc;
    if (bytes > 0)
        cfi->rows_per_byte = ((uint64_t)cfi->row_count << 32) / (uint64_t)bytes;
    if (cfi->rows_per_byte > CFI_DENSITY_MAX)
        cfi->rows_per_byte = CFI_DENSITY_MAX;
}

void sigprof__cfi_describe(struct module_cfi *cfi,
                           const struct object *object, uint8_t *copy,
                           size_t copy_bytes)
{
    struct tables tables;
    uintptr_t rows_delta = 0;
    bool found = find_tables(object, &tables);
    size_t at = exidx_at(found ? bytes_of(&tables) : 0);

    memset(cfi, 0, sizeof *cfi);
    if (!copy)
        find_code(cfi, object);
    if (!copy || copy_bytes > at)
        sigprof__exidx_describe(cfi, object, copy ? copy + at : NULL,
                                copy ? copy_bytes - at : 0);
    if (!found)
        return;
    if (copy) {
        if (copy_bytes < bytes_of(&tables) ||
            !copy_tables(&tables, copy, &rows_delta))
            return;
        cfi->delta = tables.low - (uintptr_t)copy;
    }
    cfi->frames = (const uint8_t *)(tables.frames - cfi->delta);
    cfi->frames_end = (const uint8_t *)(tables.high - cfi->delta);
    cfi->rows_base = tables.hdr;
    cfi->row_count = tables.row_count;
    if (tables.row_count) {
        cfi->rows = (const uint8_t *)(tables.rows - rows_delta);
        measure_rows(cfi);
    }
}

void sigprof__cfi_prepare(void)
{
    uintptr_t word;

    sigprof__os_read_memory((uintptr_t)&sigprof__cfi_cache, &word, sizeof word);
    if (!sigprof__cfi_cache) /* benign: every step is interpreted */
        sigprof__cfi_cache = sigprof__os_map(CFI_CACHE_BYTES);
#ifdef ARCH_HAS_KEYS
    sigprof__cfi_keys = arch_keys_are_used();
#endif
    sigprof__cfi_find_object = dlsym(RTLD_DEFAULT, "_dl_find_object");
}
