/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of generated code. Contract: region.h. */
#include "jit/region.h"

#include <string.h>

#include "jit/heap.h"
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

/* Of name and file, as they are kept. */
struct texts {
    size_t name, file;
};

static struct texts texts_of(const struct sigprof_code *code)
{
    return (struct texts){text_bytes(code->name), text_bytes(code->file)};
}

/* The varints' most: of two sizes, a line, the lines' size and the source. */
#define TAIL_NUMBERS (2 + 2 + 5 + 2 + 1)

static size_t tail_room(const struct sigprof_code *code, struct texts texts)
{
    size_t lines = code->lines ? (size_t)10 * code->line_count : 0;

    return TAIL_NUMBERS + texts.name + texts.file +
           (lines < LINES_BYTES ? lines : LINES_BYTES);
}

static size_t cfi_at(size_t tail_room)
{
    size_t at = offsetof(struct code_region, tail) + tail_room;
    size_t unit = _Alignof(struct module_cfi);

    return (at + unit - 1) / unit * unit;
}

static size_t room_for(size_t tail_room, size_t table_bytes)
{
    return table_bytes
               ? cfi_at(tail_room) + sizeof(struct module_cfi) + table_bytes
               : offsetof(struct code_region, tail) + tail_room;
}

static void *cfi_of(struct code_region *region)
{
    return (uint8_t *)region + cfi_at(region->tail_room);
}

static void put_tables(struct code_region *region,
                       const struct sigprof_code *code,
                       const struct origin *origin)
{
    uintptr_t at = origin->eh_frame_at ? origin->eh_frame_at
                                       : (uintptr_t)code->eh_frame;
    struct module_cfi *cfi = cfi_of(region);
    uint8_t *copy = (uint8_t *)(cfi + 1);

    memcpy(copy, code->eh_frame, region->table_bytes);
    memset(cfi, 0, sizeof *cfi);
    cfi->frames = copy;
    cfi->frames_end = copy + region->table_bytes;
    cfi->delta = at - (uintptr_t)copy;
}

static void put_tail(struct code_region *region,
                     const struct sigprof_code *code, struct texts texts)
{
    struct format_out out = {region->tail, region->tail + region->tail_room,
                             false};

    sigprof__put_string(&out, code->name, texts.name);
    sigprof__put_string(&out, code->file, texts.file);
    sigprof__put_varint(&out, code->line);
    put_lines(&out, code);
    if (region->source != FORMAT_CODE_DECLARED)
        sigprof__put_varint(&out, region->source);
    region->tail_bytes = (uint16_t)(out.at - region->tail);
}

/* With room for such a tail and tables, and nothing in them. */
static struct code_region *make(size_t tail_room, size_t table_bytes)
{
    static uint64_t last_serial;
    struct code_region *region =
        sigprof__heap_get(room_for(tail_room, table_bytes));

    if (!region)
        return NULL;
    memset(region, 0, sizeof *region);
    region->serial = ++last_serial;
    region->tail_room = (uint16_t)tail_room;
    region->table_bytes = (uint32_t)table_bytes;
    return region;
}

struct code_region *sigprof__region_make(const struct sigprof_code *code,
                                         const struct origin *origin,
                                         uint64_t time_ns)
{
    struct texts texts = texts_of(code);
    struct code_region *region =
        make(tail_room(code, texts), code->unwind == SIGPROF_CODE_CFI
                                         ? code->eh_frame_bytes
                                         : 0);

    if (!region)
        return NULL;
    region->start = (uintptr_t)code->start;
    region->bytes = (uint32_t)code->bytes;
    region->time_ns = time_ns;
    region->source = (uint8_t)origin->source;
    put_tail(region, code, texts);
    if (region->table_bytes)
        put_tables(region, code, origin);
    return region;
}

struct code_region *sigprof__region_copy(const struct code_region *region,
                                         uintptr_t start, uint64_t time_ns)
{
    struct code_region *copy = make(region->tail_room, 0);

    if (!copy)
        return NULL;
    copy->start = start;
    copy->bytes = region->bytes;
    copy->time_ns = time_ns;
    copy->source = region->source;
    copy->tail_bytes = region->tail_bytes;
    memcpy(copy->tail, region->tail, region->tail_bytes);
    return copy;
}

size_t sigprof__region_room(const struct code_region *region)
{
    return room_for(region->tail_room, region->table_bytes);
}

void sigprof__region_drop(struct code_region *region)
{
    sigprof__heap_give(region, sigprof__region_room(region));
}

const struct module_cfi *sigprof__region_cfi(const struct code_region *region)
{
    const uint8_t *at = (const uint8_t *)region;

    return region->table_bytes
               ? (const void *)(at + cfi_at(region->tail_room))
               : NULL;
}
