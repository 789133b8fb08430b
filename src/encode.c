/* SPDX-License-Identifier: BSD-2-Clause */
/* From the ring to the file. Theory: encode.h. */
#include "encode.h"

#include <string.h>

#include "os/os.h"

#define FRAMES_MAX (UNWIND_DEPTH_MAX + 8)
/* A stack that is new in all its frames: ten bytes a pc, three a number. Twice:
 * a stack before it may have to be said again. */
#define STACK_BYTES_MAX (2 * 16 * FRAMES_MAX)
#define ENTRY_BYTES_MAX 40
#define MARK_BYTES_MAX 16
#define MARKS_MAX 512u /* in one block of the file */
#define RECORD_HEAD_MAX 16 /* a STATE in front of it included */

/* In front of a block, for the sink that begins a file with it. */
#define HEADROOM FORMAT_FILE_HEADER_BYTES

static size_t block_bytes(void)
{
    return FORMAT_BLOCK_HEADER_BYTES + ENCODE_PAYLOAD_BYTES;
}

static void begin_block(struct encoder *encoder)
{
    encoder->out.at = encoder->block + FORMAT_BLOCK_HEADER_BYTES;
    encoder->out.end = encoder->block + block_bytes();
    encoder->out.full = false;
    encoder->state = FORMAT_STATE_UNKNOWN;
}

static void begin_samples(struct encoder *encoder)
{
    encoder->samples_out.at = encoder->samples_buffer;
    encoder->samples_out.end = encoder->samples_buffer + ENCODE_SAMPLES_BYTES;
    encoder->samples_out.full = false;
}

bool sigprof__encode_make(struct encoder *encoder, const struct ring *ring,
                          const uint8_t *id, uint64_t start_mono_ns)
{
    memset(encoder, 0, sizeof *encoder);
    encoder->ring = ring;
    encoder->id = id;
    encoder->start_mono_ns = start_mono_ns;
    encoder->block = sigprof__os_map(HEADROOM + block_bytes());
    encoder->samples_buffer = sigprof__os_map(ENCODE_SAMPLES_BYTES);
    encoder->path = sigprof__os_map(FRAMES_MAX * sizeof *encoder->path);
    encoder->numbers = sigprof__os_map(FRAMES_MAX * sizeof *encoder->numbers);
    encoder->cursor =
        sigprof__os_map(ring->blocks * sizeof *encoder->cursor);
    if (!sigprof__stacks_make(&encoder->stacks) || !encoder->block ||
        !encoder->samples_buffer || !encoder->path || !encoder->numbers ||
        !encoder->cursor) {
        if (encoder->block)
            encoder->block += HEADROOM;
        sigprof__encode_drop(encoder);
        return false;
    }
    encoder->block += HEADROOM;
    begin_block(encoder);
    begin_samples(encoder);
    encoder->generation_bytes = FORMAT_GENERATION_BYTES; /* RESET comes first */
    return true;
}

void sigprof__encode_drop(struct encoder *encoder)
{
    if (encoder->block)
        sigprof__os_unmap(encoder->block - HEADROOM, HEADROOM + block_bytes());
    sigprof__os_unmap(encoder->samples_buffer, ENCODE_SAMPLES_BYTES);
    sigprof__os_unmap(encoder->path, FRAMES_MAX * sizeof *encoder->path);
    sigprof__os_unmap(encoder->numbers, FRAMES_MAX * sizeof *encoder->numbers);
    if (encoder->ring)
        sigprof__os_unmap(encoder->cursor,
                          encoder->ring->blocks * sizeof *encoder->cursor);
    sigprof__stacks_drop(&encoder->stacks);
    memset(encoder, 0, sizeof *encoder);
}

static void put_record(struct format_out *out, unsigned type,
                       const void *body, size_t size)
{
    sigprof__put_varint(out, type);
    sigprof__put_string(out, body, size);
}

/* The SAMPLES record that is being built goes behind what it refers to. */
static void end_samples(struct encoder *encoder)
{
    size_t size = (size_t)(encoder->samples_out.at - encoder->samples_buffer);

    if (size && encoder->samples_state != encoder->state) {
        put_record(&encoder->out, FORMAT_STATE, &encoder->samples_state, 1);
        encoder->state = encoder->samples_state;
    }
    if (size)
        put_record(&encoder->out, FORMAT_SAMPLES, encoder->samples_buffer,
                   size);
    begin_samples(encoder);
}

static void put_marks(struct encoder *encoder)
{
    uint8_t body[4096];
    uint32_t blocks = encoder->ring->blocks;

    for (uint32_t i = 0; i < blocks;) {
        struct format_out out = {body, body + sizeof body, false};
        uint8_t entries[4000];
        struct format_out list = {entries, entries + sizeof entries, false};
        uint32_t count = 0;

        for (; i < blocks && list.end - list.at > MARK_BYTES_MAX; i++) {
            struct encode_cursor *cursor = &encoder->cursor[i];

            if (!cursor->marked)
                continue;
            cursor->marked = false;
            encoder->marks--;
            sigprof__put_varint(&list, i);
            sigprof__put_varint(&list, cursor->life);
            sigprof__put_varint(&list, cursor->done);
            count++;
        }
        if (!count)
            continue;
        sigprof__put_varint(&out, count);
        sigprof__put_bytes(&out, entries, (size_t)(list.at - entries));
        put_record(&encoder->out, FORMAT_MARKS, body, (size_t)(out.at - body));
    }
}

void sigprof__encode_turn(struct encoder *encoder)
{
    encoder->sequence = 0;
    encoder->generation_bytes = FORMAT_GENERATION_BYTES; /* RESET comes first */
}

void sigprof__encode_turn_back(struct encoder *encoder, uint32_t sequence)
{
    sigprof__encode_turn(encoder);
    encoder->sequence = sequence;
    encoder->stuck = false;
    begin_block(encoder);
}

static bool sink_block(struct encoder *encoder)
{
    encoder->stuck = !encoder->sink(encoder->arg, encoder->block,
                                    encoder->sealed_bytes);
    if (encoder->stuck)
        return false;
    encoder->bytes_written += encoder->sealed_bytes;
    encoder->generation_bytes += (uint32_t)encoder->sealed_bytes;
    encoder->sequence++;
    begin_block(encoder);
    return true;
}

bool sigprof__encode_flush(struct encoder *encoder)
{
    const uint8_t *payload = encoder->block + FORMAT_BLOCK_HEADER_BYTES;
    size_t size;

    if (encoder->stuck)
        return sink_block(encoder);
    end_samples(encoder);
    if (encoder->out.at == payload)
        return true;
    put_marks(encoder);
    size = (size_t)(encoder->out.at - payload);
    sigprof__format_block_seal(encoder->block, size, encoder->sequence,
                               encoder->id);
    encoder->sealed_bytes = FORMAT_BLOCK_HEADER_BYTES + size;
    return sink_block(encoder);
}

/* Room for size bytes of records, with what the end of a block needs besides. */
static bool make_room(struct encoder *encoder, size_t size)
{
    size_t need = size + ENCODE_SAMPLES_BYTES + RECORD_HEAD_MAX +
                  (MARKS_MAX + 8) * MARK_BYTES_MAX;

    if (encoder->stuck && !sink_block(encoder))
        return false;
    if ((size_t)(encoder->out.end - encoder->out.at) >= need &&
        encoder->marks < MARKS_MAX)
        return true;
    return sigprof__encode_flush(encoder);
}

bool sigprof__encode_records(struct encoder *encoder, const uint8_t *records,
                             size_t size)
{
    if (!make_room(encoder, size))
        return false;
    end_samples(encoder);
    sigprof__put_bytes(&encoder->out, records, size);
    return true;
}

bool sigprof__encode_say_marks(struct encoder *encoder)
{
    for (uint32_t i = 0; i < encoder->ring->blocks; i++) {
        struct encode_cursor *cursor = &encoder->cursor[i];

        if (!cursor->done || cursor->marked)
            continue;
        cursor->marked = true;
        if (++encoder->marks < MARKS_MAX)
            continue;
        put_marks(encoder);
        if (!make_room(encoder, 0))
            return false;
    }
    put_marks(encoder);
    return true;
}

static void begin_generation(struct encoder *encoder)
{
    end_samples(encoder);
    put_record(&encoder->out, FORMAT_RESET, "", 0);
    sigprof__stacks_clear(&encoder->stacks);
    encoder->generation++;
    encoder->generation_bytes = 0;
}

/* Numbers the pcs of path, and tells the file of those it has not seen. */
static bool number_pcs(struct encoder *encoder, const uint64_t *path,
                       uint32_t count)
{
    struct stacks *stacks = &encoder->stacks;
    uint32_t *numbers = encoder->numbers;
    uint32_t known = stacks->pcs;
    uint64_t before = known ? stacks->pc[known - 1] : 0;
    uint32_t added;
    uint8_t *body;

    for (uint32_t i = 0; i < count; i++)
        if (!(numbers[i] = sigprof__stacks_pc(stacks, path[i])))
            return false;
    added = stacks->pcs - known;
    if (!added)
        return true;
    /* The size is not known beforehand: a varint of fixed width keeps room. */
    sigprof__put_varint(&encoder->out, FORMAT_PCS);
    body = encoder->out.at;
    encoder->out.at += 3;
    sigprof__put_varint(&encoder->out, added);
    for (uint32_t i = known; i < stacks->pcs; i++) {
        sigprof__put_svarint(&encoder->out, (int64_t)(stacks->pc[i] - before));
        before = stacks->pc[i];
    }
    uint32_t size = (uint32_t)(encoder->out.at - body - 3);
    body[0] = (uint8_t)(size | 0x80);
    body[1] = (uint8_t)(size >> 7 | 0x80);
    body[2] = (uint8_t)(size >> 14);
    return true;
}

/* The node of parent + path[count-1 .. 0]; new nodes go into the file. */
static bool intern(struct encoder *encoder, uint32_t parent,
                   const uint64_t *path, uint32_t count, uint32_t *node)
{
    uint32_t *numbers = encoder->numbers;
    uint32_t next;

    if (!number_pcs(encoder, path, count))
        return false;
    while (count && (next = sigprof__stacks_find(&encoder->stacks, parent,
                                                 numbers[count - 1]))) {
        parent = next;
        count--;
    }
    *node = parent;
    if (!count)
        return true;

    uint8_t body[4 * (FRAMES_MAX + 4)];
    struct format_out out = {body, body + sizeof body, false};
    sigprof__put_varint(&out, parent);
    sigprof__put_varint(&out, count);
    while (count) {
        sigprof__put_varint(&out, numbers[--count]);
        *node = sigprof__stacks_add(&encoder->stacks, *node, numbers[count]);
        if (!*node)
            return false;
    }
    put_record(&encoder->out, FORMAT_STACK, body, (size_t)(out.at - body));
    return true;
}

/* The record at offset, or NULL if the block's bytes make no sense. */
static const struct ring_record *record_at(const struct ring_block *block,
                                           uint32_t offset, uint32_t committed)
{
    const struct ring_record *record =
        (const struct ring_record *)(block->records + offset);

    if (committed - offset < sizeof *record || record->words < 3 ||
        record->words != 3u + record->fresh + (block->tid == 0) +
                             (record->state & RING_LATE ? 1 : 0) ||
        8u * record->words > committed - offset ||
        (uint32_t)record->fresh + record->shared > FRAMES_MAX)
        return NULL;
    return record;
}

/* The whole stack of the last record before the offset, from the records of this
 * block; leaf first into encoder->path. Returns the number of frames. */
static uint32_t replay(struct encoder *encoder, const struct ring_block *block,
                       uint32_t until)
{
    uint64_t *path = encoder->path;
    uint32_t count = 0;

    for (uint32_t at = 0; at < until;) {
        const struct ring_record *record = record_at(block, at, until);

        if (!record || record->shared > count)
            return 0;
        memmove(path + record->fresh, path + count - record->shared,
                record->shared * sizeof *path);
        for (uint32_t i = 0; i < record->fresh; i++)
            path[i] = record->pc[i];
        count = (uint32_t)record->fresh + record->shared;
        at += 8u * record->words;
    }
    return count;
}

/* The ancestor of node that stands for its last `keep` frames at the root. */
static uint32_t ancestor(const struct stacks *stacks, uint32_t node,
                         uint32_t keep)
{
    uint32_t depth = 0;

    for (uint32_t at = node; at; at = stacks->node[at].parent)
        depth++;
    for (; depth > keep; depth--)
        node = stacks->node[node].parent;
    return node;
}

static bool node_of_record(struct encoder *encoder,
                           const struct ring_block *block,
                           struct encode_cursor *cursor,
                           const struct ring_record *record, uint32_t *node)
{
    uint32_t shared = 0;

    if (record->shared && cursor->generation != encoder->generation) {
        uint32_t count = replay(encoder, block, cursor->done);

        if (!intern(encoder, 0, encoder->path, count, &cursor->node))
            return false;
    }
    if (record->shared)
        shared = ancestor(&encoder->stacks, cursor->node, record->shared);
    if (!intern(encoder, shared, record->pc, record->fresh, node))
        return false;
    cursor->node = *node;
    cursor->generation = encoder->generation;
    return true;
}

static void put_sample(struct encoder *encoder, uint32_t tid,
                       const struct ring_record *record, uint32_t node)
{
    struct format_out *out = &encoder->samples_out;
    uint64_t time_ns = record->time_ns - encoder->start_mono_ns;
    unsigned flags = 0;
    uint8_t state = record->state & (uint8_t)~RING_LATE;

    if (state >= FORMAT_STATES) /* a ruined ring */
        state = FORMAT_STATE_UNKNOWN;

    if (out->end - out->at < ENTRY_BYTES_MAX + 32 ||
        (out->at != encoder->samples_buffer &&
         (tid != encoder->samples_tid ||
          state != encoder->samples_state ||
          time_ns < encoder->samples_time_ns)))
        end_samples(encoder);
    if (out->at == encoder->samples_buffer) {
        sigprof__put_varint(out, tid);
        sigprof__put_varint(out, time_ns);
        encoder->samples_tid = tid;
        encoder->samples_state = state;
        encoder->samples_time_ns = time_ns;
        encoder->samples_node = 0;
        encoder->samples_label = 0;
    }
    flags |= record->weight != 1 ? FORMAT_SAMPLE_WEIGHT : 0;
    flags |= record->label != encoder->samples_label ? FORMAT_SAMPLE_LABEL : 0;
    flags |= record->end != FORMAT_END_COMPLETE ? FORMAT_SAMPLE_END : 0;
    flags |= record->state & RING_LATE ? FORMAT_SAMPLE_LAG : 0;
    sigprof__put_byte(out, (uint8_t)flags);
    sigprof__put_varint(out, time_ns - encoder->samples_time_ns);
    sigprof__put_svarint(out, (int64_t)node - (int64_t)encoder->samples_node);
    if (flags & FORMAT_SAMPLE_WEIGHT)
        sigprof__put_varint(out, record->weight);
    if (flags & FORMAT_SAMPLE_LABEL)
        sigprof__put_varint(out, record->label);
    if (flags & FORMAT_SAMPLE_END)
        sigprof__put_byte(out, record->end);
    if (flags & FORMAT_SAMPLE_LAG)
        sigprof__put_varint(out, record->pc[record->words - 4]);
    encoder->samples_time_ns = time_ns;
    encoder->samples_node = node;
    encoder->samples_label = record->label;
}

bool sigprof__encode_ring_block(struct encoder *encoder, uint32_t index)
{
    const struct ring_block *block = ring_block(encoder->ring, index);
    struct encode_cursor *cursor = &encoder->cursor[index];
    uint32_t life =
        ring_life(atomic_load_explicit(&block->word, memory_order_acquire));
    uint32_t committed =
        atomic_load_explicit(&block->committed, memory_order_acquire);

    if (life != cursor->life)
        *cursor = (struct encode_cursor){.life = life};
    if (committed > encoder->ring->room)
        return true; /* a dead process's ring may hold anything */
    while (cursor->done < committed) {
        const struct ring_record *record =
            record_at(block, cursor->done, committed);
        uint32_t node = 0, tid = block->tid;

        if (!record)
            return true;
        if (tid == 0)
            tid = (uint32_t)record->pc[record->fresh];
        if (!make_room(encoder, STACK_BYTES_MAX))
            return false;
        if (encoder->generation_bytes >= FORMAT_GENERATION_BYTES)
            begin_generation(encoder);
        if (!node_of_record(encoder, block, cursor, record, &node))
            node = 0; /* no memory: the sample counts, its stack is lost */
        put_sample(encoder, tid, record, node);
        encoder->samples++;
        cursor->done += 8u * record->words;
        encoder->marks += !cursor->marked;
        cursor->marked = true;
    }
    return true;
}
