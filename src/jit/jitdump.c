/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of a jitdump. Contract: jitdump.h. */
#include "jit/jitdump.h"

#include <string.h>

#define MAGIC 0x4A695444u
#define VERSION 1u
#define HEADER_BYTES 40u
#define HEADER_MAX 4096u /* a later version may have a longer one */
#define RECORD_HEAD 16u
#define RECORD_MAX (1u << 30) /* more is not a record */
#define CODE_HEAD 40u         /* of a LOAD, in front of the name */
#define MOVE_BYTES 48u
#define LINES_HEAD 16u
#define TABLES_HEAD 24u
#define TERMINATOR 4u /* of an .eh_frame with nothing in it */
#define LINE_HEAD 16u /* of an entry, in front of its file */
#define ENTRIES_MAX (4 * JITDUMP_LINES) /* of a DEBUG_INFO that are looked at */
#define FLAG_ARCH_TIMESTAMP 1u

/* V8 leaves room for an ELF header in front of the code when it says where a line
 * begins, and only there; this is how its files are told from others'. */
#define V8_PADDING 0xdeadbeefu
#define V8_DISPLACEMENT 0x40u

enum { LOAD, MOVE, DEBUG_INFO, CLOSE, UNWINDING_INFO };

void sigprof__jitdump_begin(struct jitdump *dump)
{
    memset(dump, 0, offsetof(struct jitdump, file));
}

/* ---- Bytes --------------------------------------------------------------- */

static uint64_t get(const struct jitdump *dump, const uint8_t *at, size_t size)
{
    uint32_t word;
    uint64_t wide;

    if (size == 4) {
        memcpy(&word, at, sizeof word);
        return dump->swapped ? __builtin_bswap32(word) : word;
    }
    memcpy(&wide, at, sizeof wide);
    return dump->swapped ? __builtin_bswap64(wide) : wide;
}

/* All of it, or nothing. */
static bool get_bytes(const struct told_file *file, uint64_t at, void *to,
                      size_t size)
{
    return at <= file->bytes && file->bytes - at >= size &&
           file->read(file->arg, at, to, size) == size;
}

/* A string that ends before `end`; what is too long is cut. *at: behind it. */
static bool get_text(const struct told_file *file, uint64_t *at, uint64_t end,
                     char text[TOLD_TEXT_MAX + 1], size_t *size)
{
    char piece[256];

    for (*size = 0; *at < end;) {
        size_t want = end - *at < sizeof piece ? (size_t)(end - *at)
                                               : sizeof piece;
        const char *nul;
        size_t got;

        if (!get_bytes(file, *at, piece, want))
            return false;
        nul = memchr(piece, '\0', want);
        got = nul ? (size_t)(nul - piece) : want;
        *at += nul ? got + 1 : got;
        if (got > TOLD_TEXT_MAX - *size)
            got = TOLD_TEXT_MAX - *size;
        memcpy(text + *size, piece, got);
        *size += got;
        text[*size] = '\0';
        if (nul)
            return true;
    }
    return false;
}

/* ---- The header ---------------------------------------------------------- */

bool sigprof__jitdump_open(struct jitdump *dump, const struct told_file *file)
{
    uint8_t header[HEADER_BYTES];
    uint64_t bytes;

    if (dump->state != JITDUMP_NEW)
        return dump->state != JITDUMP_BROKEN;
    if (!get_bytes(file, 0, header, sizeof header))
        return false;
    dump->swapped = false;
    dump->swapped = get(dump, header, 4) == __builtin_bswap32(MAGIC);
    bytes = get(dump, header + 8, 4);
    if (get(dump, header, 4) != MAGIC || get(dump, header + 4, 4) != VERSION ||
        bytes < HEADER_BYTES || bytes > HEADER_MAX) {
        dump->state = JITDUMP_BROKEN;
        return false;
    }
    if (bytes > file->bytes)
        return false;
    dump->of_v8 = get(dump, header + 16, 4) == V8_PADDING;
    dump->pid = (uint32_t)get(dump, header + 20, 4);
    dump->has_times = !(get(dump, header + 32, 8) & FLAG_ARCH_TIMESTAMP);
    dump->at = bytes;
    dump->state = JITDUMP_OPEN;
    return true;
}

/* ---- Records ------------------------------------------------------------- */

/* A record's body, from at to end in the file. */
struct body {
    const struct told_file *file;
    uint64_t at, end, time_ns;
};

static bool is_sane(uint64_t start, uint64_t bytes)
{
    return start && bytes && bytes <= TOLD_BYTES_MAX &&
           start <= UINT64_MAX - bytes;
}

/* 0xff and nothing else: the same file as before. */
static bool is_same_file(const char *text, size_t size)
{
    return size == 1 && (uint8_t)text[0] == 0xff;
}

/* V8 (node 20) puts a name's pointer where the name should be for some scripts. */
static bool is_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)text[i] < ' ')
            return false;
    return size > 0;
}

/* Lines that are not in the order of addresses are not believed, nor are those of
 * other files: what is inlined. */
static void add_line(struct jitdump *dump, uint64_t address, uint32_t line)
{
    struct sigprof_code_line *last = &dump->lines[dump->line_count];
    uint64_t offset = address - dump->lines_of;

    if (dump->of_v8)
        offset -= V8_DISPLACEMENT;
    if (offset > UINT32_MAX || dump->line_count == JITDUMP_LINES ||
        (dump->line_count && offset < last[-1].code_offset))
        return;
    *last = (struct sigprof_code_line){(uint32_t)offset, line};
    dump->line_count++;
}

static bool read_line(struct jitdump *dump, struct body *body, bool first)
{
    uint8_t entry[LINE_HEAD];
    char file[TOLD_TEXT_MAX + 1];
    size_t size;

    if (body->end - body->at < sizeof entry ||
        !get_bytes(body->file, body->at, entry, sizeof entry))
        return false;
    body->at += sizeof entry;
    if (!get_text(body->file, &body->at, body->end, file, &size))
        return false;
    if (first) {
        if (!is_text(file, size))
            return false;
        memcpy(dump->file, file, size + 1);
        dump->file_bytes = size;
    }
    if (is_same_file(file, size) || (size == dump->file_bytes &&
                                     memcmp(file, dump->file, size) == 0))
        add_line(dump, get(dump, entry, 8), (uint32_t)get(dump, entry + 8, 4));
    return true;
}

static bool read_lines(struct jitdump *dump, struct body *body)
{
    uint8_t head[LINES_HEAD];
    uint64_t count;

    dump->lines_of = 0;
    dump->line_count = 0;
    dump->file_bytes = 0;
    if (body->end - body->at < sizeof head ||
        !get_bytes(body->file, body->at, head, sizeof head))
        return false;
    body->at += sizeof head;
    dump->lines_of = get(dump, head, 8);
    count = get(dump, head + 8, 8);
    for (uint64_t i = 0;
         i < count && i < ENTRIES_MAX && body->at < body->end; i++)
        if (!read_line(dump, body, i == 0))
            break;
    return true;
}

static bool read_tables(struct jitdump *dump, struct body *body)
{
    uint8_t head[TABLES_HEAD];
    uint64_t all, header;

    dump->tables_bytes = 0;
    if (body->end - body->at < sizeof head ||
        !get_bytes(body->file, body->at, head, sizeof head))
        return false;
    body->at += sizeof head;
    all = get(dump, head, 8);
    header = get(dump, head + 8, 8);
    if (all > body->end - body->at || header > all)
        return false;
    all -= header;
    if (all > TERMINATOR && all <= sizeof dump->tables && !dump->swapped &&
        get_bytes(body->file, body->at, dump->tables, (size_t)all))
        dump->tables_bytes = (size_t)all;
    return true;
}

static void add_tables(struct jitdump *dump, struct told *told)
{
    told->eh_frame = dump->tables;
    told->eh_frame_bytes = dump->tables_bytes;
    told->eh_frame_at = told->start + ((told->bytes + 7) & ~(uint64_t)7);
    dump->tables_bytes = 0;
}

static bool read_code(struct jitdump *dump, struct body *body,
                      struct told *told)
{
    uint8_t head[CODE_HEAD];
    size_t size;

    if (body->end - body->at < sizeof head ||
        !get_bytes(body->file, body->at, head, sizeof head))
        return false;
    body->at += sizeof head;
    *told = (struct told){.kind = TOLD_CODE,
                          .start = get(dump, head + 16, 8),
                          .bytes = get(dump, head + 24, 8),
                          .time_ns = body->time_ns,
                          .name = dump->name,
                          .file = ""};
    if (!is_sane(told->start, told->bytes) ||
        !get_text(body->file, &body->at, body->end, dump->name, &size) ||
        size == 0)
        return false;
    told->name_bytes = size;
    if (dump->lines_of == told->start && dump->line_count) {
        told->file = dump->file;
        told->file_bytes = dump->file_bytes;
        told->lines = dump->lines;
        told->line_count = dump->line_count;
        told->line = dump->lines[0].line;
    }
    dump->lines_of = 0;
    add_tables(dump, told);
    return true;
}

static bool read_move(const struct jitdump *dump, const struct body *body,
                      struct told *told)
{
    uint8_t all[MOVE_BYTES];

    if (body->end - body->at < sizeof all ||
        !get_bytes(body->file, body->at, all, sizeof all))
        return false;
    *told = (struct told){.kind = TOLD_MOVE,
                          .from = get(dump, all + 16, 8),
                          .start = get(dump, all + 24, 8),
                          .bytes = get(dump, all + 32, 8),
                          .time_ns = body->time_ns,
                          .name = "",
                          .file = ""};
    return told->from && is_sane(told->start, told->bytes);
}

/* true: it is something to be told. */
static bool read_record(struct jitdump *dump, uint32_t kind, struct body *body,
                        struct told *told)
{
    bool good = true, tells = kind == LOAD || kind == MOVE;

    switch (kind) {
    case LOAD:
        good = read_code(dump, body, told);
        break;
    case MOVE:
        good = read_move(dump, body, told);
        break;
    case DEBUG_INFO:
        good = read_lines(dump, body);
        break;
    case UNWINDING_INFO:
        good = read_tables(dump, body);
        break;
    case CLOSE:
        dump->state = JITDUMP_CLOSED;
        break;
    default: /* newer than this */
        break;
    }
    dump->bad += !good;
    return good && tells;
}

bool sigprof__jitdump_next(struct jitdump *dump, const struct told_file *file,
                           struct told *told)
{
    uint8_t head[RECORD_HEAD];

    if (!sigprof__jitdump_open(dump, file))
        return false;
    while (dump->state == JITDUMP_OPEN &&
           get_bytes(file, dump->at, head, sizeof head)) {
        uint64_t bytes = get(dump, head + 4, 4);
        struct body body = {file, dump->at + sizeof head, dump->at + bytes,
                            dump->has_times ? get(dump, head + 8, 8) : 0};

        if (bytes < sizeof head || bytes > RECORD_MAX) {
            dump->state = JITDUMP_BROKEN;
            return false;
        }
        if (body.end > file->bytes)
            return false; /* it is being written, or torn */
        dump->at = body.end;
        if (read_record(dump, (uint32_t)get(dump, head, 4), &body, told))
            return true;
    }
    return false;
}
