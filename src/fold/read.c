/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The profile reader. Contract: read.h; layout: docs/file-format.md.
 *
 * Three levels, each with its own way of going wrong: blocks (a wrong checksum:
 * look for the next sync, count the bytes between), records (a body that ends
 * too early inside a sound block: counted, the block's rest is used), and the
 * generation's tables (a number that was never given out). Whatever takes pcs
 * or nodes away makes all numbers of that generation doubtful, so stacks are
 * unknown from there to the next RESET; the samples still count.
 */
#include "read_impl.h"

#include <stdlib.h>

void sigprof__reader_init(struct reader *reader, const struct read_sink *sink)
{
    *reader = (struct reader){
        .sink = sink, .node_count = 1, .pc_count = FORMAT_FIRST_PC};
    if (!sink->sample)
        return; /* stacks are for samples: read_payload */
    reader->pcs = sigprof__store_grow(NULL, &reader->pc_capacity,
                                      FORMAT_FIRST_PC, sizeof *reader->pcs);
    for (uint64_t mark = 0; mark < FORMAT_FIRST_PC; mark++)
        reader->pcs[mark] = (struct read_pc){.pc = mark};
    ARRAY_ROOM(reader->nodes, 0, reader->node_capacity);
    reader->nodes[0] = (struct read_node){0};
}

void sigprof__reader_free(struct reader *reader)
{
    free(reader->pcs);
    free(reader->nodes);
    reader->pcs = NULL;
    reader->nodes = NULL;
}

/* The INFO records in front of all samples. */
static void read_header(struct reader *reader, const uint8_t *payload,
                        size_t size)
{
    struct format_in in = {payload, payload + size, false};
    struct format_in body;
    unsigned type;

    while ((type = sigprof__get_record(&in, &body)) != 0 &&
           type != FORMAT_SAMPLES)
        if (type == FORMAT_INFO)
            sigprof__read_record(reader, type, &body);
}

static void read_payload(struct reader *reader, const uint8_t *payload,
                         size_t size)
{
    struct format_in in = {payload, payload + size, false};
    struct format_in body;
    unsigned type;

    reader->state = FORMAT_STATE_UNKNOWN;
    while ((type = sigprof__get_record(&in, &body)) != 0) {
        /* Stacks are for samples, which not everybody wants. */
        if (reader->sink->sample ||
            (type != FORMAT_PCS && type != FORMAT_STACK &&
             type != FORMAT_SAMPLES))
            sigprof__read_record(reader, type, &body);
        if (body.bad) {
            reader->bad_records++;
            if (type == FORMAT_PCS || type == FORMAT_STACK)
                reader->stacks_known = false;
        }
    }
    if (in.bad) {
        reader->bad_records++;
        reader->stacks_known = false;
    }
}

static void take_block(struct reader *reader, const uint8_t *payload,
                       size_t size, uint32_t sequence, uint32_t id_word)
{
    if (!reader->has_id) {
        reader->has_id = true;
        reader->id_word = id_word;
    }
    if (id_word != reader->id_word) {
        reader->foreign_blocks++;
        reader->stacks_known = false;
        return;
    }
    if (sequence != reader->sequence) {
        reader->stacks_known = false;
        if (sequence > reader->sequence)
            reader->missing_blocks += sequence - reader->sequence;
    }
    reader->sequence = sequence + 1;
    reader->blocks++;
    read_payload(reader, payload, size);
}

/* Where the next block may begin; the end, or the few bytes in front of it that
 * could be a sync's, where there is none. */
static size_t next_sync(const uint8_t *bytes, size_t from, size_t size,
                        bool last)
{
    while (from < size) {
        const uint8_t *found = memchr(bytes + from, 'S', size - from);
        size_t left;

        if (!found)
            return size;
        from = (size_t)(found - bytes);
        left = size - from < 4 ? size - from : 4;
        if (memcmp(found, "SPBK", left) == 0 && (left == 4 || !last))
            return from;
        from++;
    }
    return size;
}

size_t sigprof__reader_part(struct reader *reader, const uint8_t *bytes,
                            size_t size, bool last)
{
    size_t at = 0;

    while (at < size && (last || size - at >= READ_BLOCK_MAX)) {
        size_t payload;
        uint32_t sequence, id_word;

        if (sigprof__format_block_check(bytes + at, size - at, &payload,
                                        &sequence, &id_word) != 0) {
            size_t next = next_sync(bytes, at + 1, size, last);

            reader->skipped_bytes += next - at;
            at = next;
            continue;
        }
        reader->damaged_bytes += reader->skipped_bytes;
        reader->skipped_bytes = 0;
        at += FORMAT_BLOCK_HEADER_BYTES;
        take_block(reader, bytes + at, payload, sequence, id_word);
        at += payload;
        if (reader->sink->progress)
            reader->sink->progress(reader->sink->arg, reader->read_bytes + at);
    }
    reader->read_bytes += at;
    if (last) {
        reader->torn_bytes += reader->skipped_bytes;
        reader->skipped_bytes = 0;
    }
    return at;
}

void sigprof__reader_more(struct reader *reader, const uint8_t *bytes,
                          size_t size)
{
    uint8_t header[FORMAT_FILE_HEADER_BYTES];
    size_t at = 0;

    sigprof__format_file_header(header);
    if (size >= sizeof header && memcmp(bytes, header, 8) == 0)
        at = sizeof header;
    sigprof__reader_part(reader, bytes + at, size - at, true);
}

/* A transfer as text takes the top bit, or makes two bytes of the first, or
 * changes line ends; the word behind it is left. */
static enum read_status foreign_or_text(const uint8_t *bytes, size_t size)
{
    for (size_t i = 1; i <= 3 && i + 7 <= size; i++)
        if (memcmp(bytes + i, "SIGPROF", 7) == 0)
            return READ_TEXT_MODE;
    return READ_FOREIGN;
}

enum read_status sigprof__reader_header(struct reader *reader,
                                        const uint8_t *bytes, size_t size)
{
    uint8_t header[FORMAT_FILE_HEADER_BYTES];

    sigprof__format_file_header(header);
    if (size == 0)
        return READ_EMPTY;
    if (size < sizeof header)
        return memcmp(bytes, header, size) == 0 ? READ_EMPTY : READ_FOREIGN;
    if (memcmp(bytes, header, 8) != 0)
        return foreign_or_text(bytes, size);
    if (memcmp(bytes + 12, header + 12, 4) != 0)
        return READ_TEXT_MODE;
    reader->major = bytes[8] | (unsigned)bytes[9] << 8;
    reader->minor = bytes[10] | (unsigned)bytes[11] << 8;
    return reader->major > FORMAT_MAJOR ? READ_NEWER : READ_OK;
}

enum read_status sigprof__reader_first(struct reader *reader,
                                       const uint8_t *bytes, size_t size)
{
    enum read_status status = sigprof__reader_header(reader, bytes, size);
    const uint8_t *block = bytes + FORMAT_FILE_HEADER_BYTES;
    uint32_t sequence, id_word;
    size_t payload;

    if (status == READ_OK &&
        sigprof__format_block_check(block, size - FORMAT_FILE_HEADER_BYTES,
                                    &payload, &sequence, &id_word) == 0)
        read_header(reader, block + FORMAT_BLOCK_HEADER_BYTES, payload);
    return status;
}

enum read_status sigprof__reader_file(struct reader *reader,
                                      const uint8_t *bytes, size_t size)
{
    enum read_status status = sigprof__reader_header(reader, bytes, size);

    if (status == READ_OK)
        sigprof__reader_more(reader, bytes, size);
    return status;
}
