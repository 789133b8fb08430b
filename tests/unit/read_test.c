/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader on hand-made blocks: entries, deltas, generations, bounds. */
#include "fold/read.h"
#include "fold_check.h"

#include <string.h>

static struct read_sample seen[16];
static uint64_t seen_pcs[16][4]; /* leaf first */
static size_t seen_count;

static void on_sample(void *arg, struct reader *reader,
                      const struct read_sample *sample)
{
    size_t depth = 0;

    (void)arg;
    if (seen_count == 16)
        return;
    memset(seen_pcs[seen_count], 0, sizeof seen_pcs[seen_count]);
    for (uint32_t at = sample->node; at && depth < 4;
         at = reader->nodes[at].parent)
        seen_pcs[seen_count][depth++] =
            reader->pcs[reader->nodes[at].pc].pc;
    seen[seen_count++] = *sample;
}

static const struct read_sink sink = {.sample = on_sample};

/* A file of one block, from the bytes of its records. */
static enum read_status read_payload(struct reader *reader,
                                     const uint8_t *payload, size_t size)
{
    static uint8_t file[4096];
    static const uint8_t id[FORMAT_ID_BYTES] = {9};

    seen_count = 0;
    sigprof__format_file_header(file);
    memcpy(file + 36, payload, size);
    sigprof__format_block_seal(file + 16, size, 0, id);
    sigprof__reader_init(reader, &sink);
    return sigprof__reader_file(reader, file, 36 + size);
}

static void entries_are_deltas(void)
{
    static const uint8_t payload[] = {
        6, 0,                          /* RESET */
        7, 5,  2, 0x80, 0x40, 0x20, 0, /* PCS 0x1000, 0x1010 */
        8, 4,  0, 2,    16,   17,      /* STACK 0x1000 <- 0x1010 */
        8, 3,  1, 1,    16,            /* … 0x1000 <- 0x1000 */
        9, 18, 7, 100,                 /* SAMPLES of tid 7 at 100 */
        0, 0,  4,                      /* node 2 */
        3, 5,  2, 9,    8,             /* node 3, weight 9, label 8 */
        4, 1,  1, 2,                   /* node 2, end 2 */
        0, 0,  3, 0                    /* node 0; one byte too many */
    };
    struct reader reader;

    CHECK(read_payload(&reader, payload, sizeof payload) == READ_OK);
    CHECK(seen_count == 4 || seen_count == 3);
    CHECK(seen[0].tid == 7 && seen[0].time_ns == 100 && seen[0].weight == 1);
    CHECK(seen_pcs[0][0] == 0x1010 && seen_pcs[0][1] == 0x1000);
    CHECK(seen[1].time_ns == 105 && seen[1].weight == 9 && seen[1].label == 8);
    CHECK(seen_pcs[1][0] == 0x1000 && seen_pcs[1][1] == 0x1000);
    CHECK(seen[2].time_ns == 106 && seen[2].weight == 1 && seen[2].label == 8);
    CHECK(seen[2].end == FORMAT_END_NO_RULE && seen[2].node == 2);
    CHECK(reader.bad_records == 1);
    sigprof__reader_free(&reader);
}

static void numbers_never_given_out_are_damage(void)
{
    static const uint8_t payload[] = {
        6, 0,                            /* RESET */
        9, 5, 1,    0,    0,    0,    2, /* a node that is not there */
        8, 3, 0,    1,    16, /* a pc that is not there: no node is made */
        8, 3, 5,    1,    1,  /* a parent that is not there */
        7, 6, 0xff, 0xff, 0xff, 0xff, 0x7f, 2, /* more pcs than bytes */
    };
    struct reader reader;

    CHECK(read_payload(&reader, payload, sizeof payload) == READ_OK);
    CHECK(seen_count == 1 && seen[0].damaged && seen[0].node == 0);
    CHECK(reader.lost_stacks == 1 && reader.bad_records == 3);
    CHECK(reader.node_count == 1 && !reader.stacks_known);
    sigprof__reader_free(&reader);
}

static void without_samples_no_memory_is_taken(void)
{
    static const uint8_t payload[] = {
        6, 0, 7, 2, 1, 2 /* PCS */, 8, 3, 0, 1, 16 /* STACK */,
        9, 5, 1, 0, 0, 0, 2 /* SAMPLES */};
    static const struct read_sink none = {.arg = NULL};
    uint8_t block[FORMAT_BLOCK_HEADER_BYTES + sizeof payload];
    static const uint8_t id[FORMAT_ID_BYTES] = {9};
    struct reader reader;

    memcpy(block + FORMAT_BLOCK_HEADER_BYTES, payload, sizeof payload);
    sigprof__format_block_seal(block, sizeof payload, 0, id);
    sigprof__reader_init(&reader, &none);
    CHECK(sigprof__reader_part(&reader, block, sizeof block, true) ==
          sizeof block);
    CHECK(reader.blocks == 1 && reader.bad_records == 0);
    CHECK(!reader.pcs && !reader.nodes);
    sigprof__reader_free(&reader);
}

static void a_pc_cannot_pass_for_a_mark(void)
{
    static const uint8_t payload[] = {
        6, 0, 7, 2, 1, 2 /* PCS: 1 */, 8, 3, 0, 1, 16, 9, 5, 1, 0, 0, 0, 2};
    struct reader reader;

    CHECK(read_payload(&reader, payload, sizeof payload) == READ_OK);
    CHECK(seen_count == 1 && seen_pcs[0][0] == FORMAT_FIRST_PC);
    sigprof__reader_free(&reader);
}

static void nothing_is_known_before_a_reset(void)
{
    static const uint8_t payload[] = {7,  2, 1, 2, 8, 3, 0, 1,
                                      16, 9, 5, 1, 0, 0, 0, 2};
    struct reader reader;

    CHECK(read_payload(&reader, payload, sizeof payload) == READ_OK);
    CHECK(seen_count == 1 && seen[0].damaged);
    sigprof__reader_free(&reader);
}

static void stacks_deeper_than_any_writers_are_cut_off(void)
{
    static uint8_t payload[3 * (READ_MAX_DEPTH + 8)];
    static uint8_t body[2 * (READ_MAX_DEPTH + 8)];
    struct format_out out = {payload, payload + sizeof payload, false};
    struct format_out in = {body, body + sizeof body, false};
    struct reader reader;

    sigprof__put_varint(&out, FORMAT_RESET);
    sigprof__put_string(&out, "", 0);
    sigprof__put_varint(&in, 0);
    sigprof__put_varint(&in, 2000);
    for (unsigned i = 0; i < 2000; i++)
        sigprof__put_varint(&in, FORMAT_MARK_SIGNAL);
    for (unsigned i = 0; i < 3; i++) {
        sigprof__put_varint(&out, FORMAT_STACK);
        body[0] = 0;
        sigprof__put_string(&out, body, (size_t)(in.at - body));
    }
    CHECK(out.full || read_payload(&reader, payload, 2) == READ_OK);
    sigprof__reader_free(&reader);
}

int main(void)
{
    entries_are_deltas();
    numbers_never_given_out_are_damage();
    without_samples_no_memory_is_taken();
    a_pc_cannot_pass_for_a_mark();
    nothing_is_known_before_a_reset();
    stacks_deeper_than_any_writers_are_cut_off();
    return CHECKED;
}
