/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated code, as others than the program tell of it. Contract: code.h. */
#include "jit/code.h"

#include <string.h>

#include "jit/code-change.h"
#include "jit/map-write.h"
#include "jit/region.h"
#include "jit/told.h"
#include "sigprof/jit.h"

#define TOLD_MAX (1u << 17) /* regions by files; some 40 MB of memory with names */

/* Of what overlaps it, is there something that a better source has said? */
static bool is_denied(const struct sigprof_code *code,
                      enum format_code_source source)
{
    uintptr_t start = (uintptr_t)code->start;

    return !sigprof__code_end_overlapped(start, start + code->bytes, source,
                                         sigprof__code_now_ns());
}

/* ---- What only has tables ------------------------------------------------- */

void sigprof__code_frames_begin(uintptr_t start, size_t bytes,
                                const uint8_t *tables, size_t table_bytes,
                                uintptr_t at)
{
    const struct sigprof_code code = {.size = sizeof code,
                                      .start = (const void *)start,
                                      .bytes = bytes,
                                      .name = "(generated code)",
                                      .unwind = SIGPROF_CODE_CFI,
                                      .eh_frame = tables,
                                      .eh_frame_bytes = table_bytes};
    const struct origin origin = {.source = FORMAT_CODE_MAP,
                                  .eh_frame_at = at};

    if (!sigprof__code_is_sane(&code) || !sigprof__code_enter())
        return;
    if (sigprof__code_told_count() < TOLD_MAX &&
        !is_denied(&code, origin.source))
        sigprof__code_add(&code, &origin);
    sigprof__code_leave();
}

void sigprof__code_frames_end(uintptr_t start)
{
    struct code_entry *entry;

    if (!sigprof__code_enter())
        return;
    entry = sigprof__code_map_at(start);
    if (entry && entry->region->source == FORMAT_CODE_MAP &&
        entry->region->table_bytes)
        sigprof__code_end(entry, sigprof__code_now_ns());
    sigprof__code_leave();
}

/* ---- What files tell ----------------------------------------------------- */

bool sigprof__code_tell_begin(void)
{
    return sigprof__code_enter();
}

void sigprof__code_tell_end(void)
{
    sigprof__code_leave();
}

/* Has the same been said already, by a source as good? */
static bool is_known(const struct sigprof_code *code,
                     enum format_code_source source)
{
    const struct code_entry *entry =
        sigprof__code_map_at((uintptr_t)code->start);
    const struct code_region *region = entry ? entry->region : NULL;
    struct format_in in;
    const uint8_t *name;
    size_t size;

    if (!region || region->bytes != code->bytes || region->source > source)
        return false;
    in = (struct format_in){region->tail, region->tail + region->tail_bytes,
                            false};
    name = sigprof__get_string(&in, &size);
    return size == strnlen(code->name, REGION_TEXT_MAX) &&
           memcmp(name, code->name, size) == 0;
}

/*
 * Who names code without telling how it is unwound leaves it the tables that are
 * there for just that code (sigprof__code_frames_begin): a copy, as what they are
 * in goes.
 */
static void keep_tables(struct sigprof_code *code, struct origin *origin)
{
    static uint8_t kept[CODE_TABLES_MAX]; /* with the lock */
    const struct code_entry *entry =
        sigprof__code_map_at((uintptr_t)code->start);
    const struct module_cfi *cfi =
        entry ? sigprof__region_cfi(entry->region) : NULL;
    size_t bytes;

    if (code->eh_frame_bytes || !cfi || entry->bytes != code->bytes ||
        atomic_load(&entry->rule) != CODE_CFI) /* it has moved since */
        return;
    bytes = (size_t)(cfi->frames_end - cfi->frames);
    memcpy(kept, cfi->frames, bytes);
    if (origin->time_ns < entry->region->time_ns)
        origin->time_ns = entry->region->time_ns; /* to be the later one */
    origin->eh_frame_at = (uintptr_t)cfi->frames + cfi->delta;
    code->unwind = SIGPROF_CODE_CFI;
    code->eh_frame = kept;
    code->eh_frame_bytes = bytes;
}

static enum code_told tell_code(const struct told *told,
                                struct origin *origin)
{
    struct sigprof_code code = {.size = sizeof code,
                                      .start = (const void *)(uintptr_t)told->start,
                                      .bytes = (size_t)told->bytes,
                                      .name = told->name,
                                      .file = told->file,
                                      .line = told->line,
                                      .line_count = told->line_count,
                                      .lines = told->lines,
                                      .unwind = told->eh_frame_bytes
                                                    ? SIGPROF_CODE_CFI
                                                    : SIGPROF_CODE_FP,
                                      .eh_frame = told->eh_frame,
                                      .eh_frame_bytes = told->eh_frame_bytes};

    if (told->start > UINTPTR_MAX || !sigprof__code_is_sane(&code))
        return CODE_LEFT_OUT;
    if (is_known(&code, origin->source))
        return CODE_KNOWN;
    keep_tables(&code, origin);
    if (is_denied(&code, origin->source))
        return CODE_KNOWN;
    return sigprof__code_told_count() < TOLD_MAX &&
                   sigprof__code_add(&code, origin)
               ? CODE_TAKEN
               : CODE_LEFT_OUT;
}

enum code_told sigprof__code_tell(const struct told *told,
                                  enum format_code_source source,
                                  uint64_t time_ns)
{
    struct origin origin = {source, time_ns, (uintptr_t)told->eh_frame_at};

    if (told->kind == TOLD_CODE)
        return tell_code(told, &origin);
    if (told->from > UINTPTR_MAX || told->start > UINTPTR_MAX)
        return CODE_LEFT_OUT;
    return sigprof__code_move((uintptr_t)told->from, (uintptr_t)told->start,
                              &origin)
               ? CODE_TAKEN
               : CODE_KNOWN; /* nobody said that there was code */
}
