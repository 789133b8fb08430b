/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of generated code. Contract: region.h. */
#include "jit/region.h"

#include <string.h>

#include "jit/heap.h"
#include "os/os.h"
#include "sigprof/jit.h"

#define LINES_BYTES 6144 /* an event has to fit the drain's buffer */

static size_t text_bytes(const char *text)
{
    return text ? strnlen(text, REGION_TEXT_MAX) : 0;
}

/* As many lines as fit; their size in two bytes of varint in front. */
static void put_lines(struct format_out *out, const struct sigprof_code *code)
{
    struct format_out size = {out->at, out->at + 2, false};
    uint32_t offset = 0, line = code->line;
    uint8_t *from = out->at + 2;

    out->at = from;
    for (uint32_t i = 0; code->lines && i < code->line_count; i++) {
        uint8_t *before = out->at;

        sigprof__put_varint(out, code->lines[i].code_offset - offset);
        sigprof__put_svarint(out, (int64_t)code->lines[i].line - line);
        if (out->full) {
            out->at = before;
            break;
        }
        offset = code->lines[i].code_offset;
        line = code->lines[i].line;
    }
    sigprof__put_byte(&size, (uint8_t)((out->at - from) | 0x80));
    sigprof__put_byte(&size, (uint8_t)((out->at - from) >> 7));
}

static size_t tail_room(const struct sigprof_code *code)
{
    size_t lines = code->lines ? (size_t)10 * code->line_count : 0;

    return 24 + text_bytes(code->name) + text_bytes(code->file) +
           (lines < LINES_BYTES ? lines : LINES_BYTES);
}

static size_t tables_bytes(const struct sigprof_code *code)
{
    return code->unwind == SIGPROF_CODE_CFI ? code->eh_frame_bytes : 0;
}

static void put_tables(struct code_region *region, uint8_t *copy,
                       const struct sigprof_code *code,
                       const struct origin *origin)
{
    uintptr_t at = origin->eh_frame_at ? origin->eh_frame_at
                                       : (uintptr_t)code->eh_frame;

    memcpy(copy, code->eh_frame, code->eh_frame_bytes);
    region->cfi.frames = copy;
    region->cfi.frames_end = copy + code->eh_frame_bytes;
    region->cfi.delta = at - (uintptr_t)copy;
}

uint64_t sigprof__origin_ns(const struct origin *origin)
{
    return origin->time_ns ? origin->time_ns : sigprof__os_now_ns();
}

struct code_region *sigprof__region_make(const struct sigprof_code *code,
                                         const struct origin *origin,
                                         uint64_t serial)
{
    size_t tail = tail_room(code), tables = tables_bytes(code);
    size_t room = sizeof(struct code_region) + tail + tables;
    struct code_region *region = sigprof__heap_get(room);
    struct format_out out;

    if (!region)
        return NULL;
    region->room = room;
    region->start = (uintptr_t)code->start;
    region->bytes = code->bytes;
    region->serial = serial;
    region->time_ns = sigprof__origin_ns(origin);
    region->source = origin->source;
    out = (struct format_out){region->tail, region->tail + tail, false};
    sigprof__put_string(&out, code->name, text_bytes(code->name));
    sigprof__put_string(&out, code->file, text_bytes(code->file));
    sigprof__put_varint(&out, code->line);
    put_lines(&out, code);
    if (origin->source != FORMAT_CODE_DECLARED)
        sigprof__put_varint(&out, origin->source);
    region->tail_bytes = (uint32_t)(out.at - region->tail);
    memset(&region->cfi, 0, sizeof region->cfi);
    if (tables)
        put_tables(region, region->tail + tail, code, origin);
    return region;
}
