/* SPDX-License-Identifier: BSD-2-Clause */
/* The tests' reader of profile files. Contract: profile.h. */
#include "support/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "salvage.h"
#include "test.h"

#define GROW(array, count, room)                                               \
    do {                                                                       \
        if ((count) >= (room)) {                                               \
            (room) = (room) ? 2 * (room) : 256;                                \
            (array) = realloc((array), (room) * sizeof *(array));              \
            CHECK((array) != NULL);                                            \
        }                                                                      \
    } while (0)

static void get_text(struct format_in *in, char *to, size_t room)
{
    size_t size;
    const uint8_t *text = sigprof__get_string(in, &size);

    CHECK(!in->bad);
    if (size >= room)
        size = room - 1;
    memcpy(to, text, size);
    to[size] = '\0';
}

static void take_info(struct profile *profile, struct format_in *body)
{
    struct profile_pair pair;

    get_text(body, pair.key, sizeof pair.key);
    get_text(body, pair.value, sizeof pair.value);
    for (uint32_t i = 0; i < profile->infos; i++)
        if (strcmp(profile->info[i].key, pair.key) == 0) {
            profile->info[i] = pair;
            return;
        }
    CHECK(profile->infos < 64);
    profile->info[profile->infos++] = pair;
}

static void take_thread(struct profile *profile, struct format_in *body,
                        bool is_exit)
{
    struct profile_thread thread = {.is_exit = is_exit};

    thread.tid = (uint32_t)sigprof__get_varint(body);
    thread.time_ns = sigprof__get_varint(body);
    if (is_exit) {
        thread.cpu_ns = sigprof__get_varint(body);
        thread.periods = sigprof__get_varint(body);
        thread.cause = sigprof__get_varint(body);
    } else {
        thread.start = sigprof__get_varint(body);
        get_text(body, thread.name, sizeof thread.name);
    }
    CHECK(!body->bad);
    GROW(profile->thread, profile->threads, profile->thread_room);
    profile->thread[profile->threads++] = thread;
}

static void reset(struct profile *profile)
{
    profile->first_node = profile->nodes;
    profile->pcs = 0;
    profile->last_pc = 0;
    profile->resets++;
}

static void take_pcs(struct profile *profile, struct format_in *body)
{
    uint64_t count = sigprof__get_varint(body);

    CHECK(profile->resets > 0);
    while (count--) {
        GROW(profile->pc, profile->pcs, profile->pc_room);
        profile->last_pc += (uint64_t)sigprof__get_svarint(body);
        CHECK(!body->bad);
        for (uint32_t i = 0; profile->pcs < 64 && i < profile->pcs; i++)
            CHECK(profile->pc[i] != profile->last_pc); /* interned */
        profile->pc[profile->pcs++] = profile->last_pc;
    }
}

static void take_stack(struct profile *profile, struct format_in *body)
{
    uint64_t parent = sigprof__get_varint(body);
    uint64_t count = sigprof__get_varint(body);

    CHECK(profile->resets > 0);
    CHECK(parent <= profile->nodes - profile->first_node);
    parent += parent ? profile->first_node : 0;
    while (count--) {
        uint64_t number = sigprof__get_varint(body);

        CHECK(!body->bad);
        CHECK(number > 0 && number < FORMAT_FIRST_PC + profile->pcs);
        profile->nodes++;
        GROW(profile->node, profile->nodes, profile->node_room);
        profile->node[profile->nodes] = (struct profile_node){
            (uint32_t)parent, number < FORMAT_FIRST_PC
                                  ? number
                                  : profile->pc[number - FORMAT_FIRST_PC]};
        parent = profile->nodes;
    }
}

static void take_samples(struct profile *profile, struct format_in *body)
{
    struct profile_sample sample = {.state = profile->state};
    int64_t node = 0;

    sample.tid = (uint32_t)sigprof__get_varint(body);
    sample.time_ns = sigprof__get_varint(body);
    while (body->at != body->end) {
        unsigned flags = sigprof__get_byte(body);

        CHECK(flags < 16);
        sample.time_ns += sigprof__get_varint(body);
        node += sigprof__get_svarint(body);
        sample.weight = flags & FORMAT_SAMPLE_WEIGHT
                            ? (uint32_t)sigprof__get_varint(body)
                            : 1;
        if (flags & FORMAT_SAMPLE_LABEL)
            sample.label = (uint32_t)sigprof__get_varint(body);
        sample.end = flags & FORMAT_SAMPLE_END ? sigprof__get_byte(body) : 0;
        sample.lag_ns = flags & FORMAT_SAMPLE_LAG ? sigprof__get_varint(body) : 0;
        CHECK(!body->bad);
        CHECK(node >= 0 && node <= profile->nodes - profile->first_node);
        sample.node = node ? profile->first_node + (uint32_t)node : 0;
        if (sample.node &&
            profile->node[sample.node].pc == FORMAT_MARK_KERNEL) {
            profile->kernel_periods += sample.weight;
            continue;
        }
        GROW(profile->sample, profile->samples, profile->sample_room);
        profile->sample[profile->samples++] = sample;
        profile->periods += sample.weight;
    }
}

static void take_sheet(struct profile *profile, struct format_in *body)
{
    uint64_t count;

    sigprof__get_varint(body);
    count = sigprof__get_varint(body);
    while (count--) {
        struct profile_line line;
        uint32_t i;

        get_text(body, line.name, sizeof line.name);
        line.value = sigprof__get_svarint(body);
        CHECK(!body->bad);
        for (i = 0; i < profile->sheet_lines; i++)
            if (strcmp(profile->sheet[i].name, line.name) == 0)
                break;
        CHECK(i < 64);
        profile->sheet_lines += i == profile->sheet_lines;
        profile->sheet[i] = line;
    }
    profile->sheets++;
}

static void take_marks(struct profile *profile, struct format_in *body)
{
    uint64_t count = sigprof__get_varint(body);

    while (count--) {
        struct profile_mark mark;

        mark.block = sigprof__get_varint(body);
        mark.life = sigprof__get_varint(body);
        mark.done = sigprof__get_varint(body);
        CHECK(!body->bad);
        GROW(profile->mark, profile->marks, profile->mark_room);
        profile->mark[profile->marks++] = mark;
    }
}

static void take_label(struct profile *profile, struct format_in *body)
{
    CHECK(profile->labels < 64);
    struct profile_pair *label = &profile->label[profile->labels++];

    sigprof__get_varint(body);
    sigprof__get_varint(body);
    get_text(body, label->key, sizeof label->key);
    get_text(body, label->value, sizeof label->value);
}

static void take_record(struct profile *profile, unsigned type,
                        struct format_in *body)
{
    switch (type) {
    case FORMAT_INFO:
        take_info(profile, body);
        break;
    case FORMAT_MODULE:
        profile->modules++;
        break;
    case FORMAT_UNLOAD:
        profile->unloads++;
        break;
    case FORMAT_THREAD:
    case FORMAT_EXIT:
        take_thread(profile, body, type == FORMAT_EXIT);
        break;
    case FORMAT_RESET:
        reset(profile);
        break;
    case FORMAT_PCS:
        take_pcs(profile, body);
        break;
    case FORMAT_STACK:
        take_stack(profile, body);
        break;
    case FORMAT_SAMPLES:
        take_samples(profile, body);
        break;
    case FORMAT_LABEL:
        take_label(profile, body);
        break;
    case FORMAT_STATE:
        profile->state = (uint8_t)sigprof__get_varint(body);
        CHECK(!body->bad && profile->state < FORMAT_STATES);
        break;
    case FORMAT_EXEC:
        profile->execs++;
        break;
    case FORMAT_MARKS:
        take_marks(profile, body);
        break;
    case FORMAT_SHEET:
        take_sheet(profile, body);
        break;
    case FORMAT_END:
        profile->ends++;
        break;
    case FORMAT_CODE:
    case FORMAT_CODE_MOVE:
    case FORMAT_CODE_FREE:
    case FORMAT_FUNCTION:
        break; /* tests/jit reads what sigprof-fold says of those */
    default:
        FAIL("a record of type %u", type);
    }
}

void profile_parse(struct profile *profile, const uint8_t *bytes, size_t size)
{
    uint8_t header[FORMAT_FILE_HEADER_BYTES];
    size_t at = sizeof header, whole = sizeof header;
    uint32_t first_id_word = 0;

    memset(profile, 0, sizeof *profile);
    profile->bytes = size;
    sigprof__format_file_header(header);
    CHECK(size >= sizeof header);
    CHECK(memcmp(bytes, header, sizeof header) == 0);
    while (at < size) {
        struct format_in in, body;
        uint32_t sequence, id_word;
        size_t payload;
        unsigned type;

        if (sigprof__format_block_check(bytes + at, size - at, &payload,
                                        &sequence, &id_word) != 0) {
            at++;
            profile->damaged++;
            continue;
        }
        CHECK_EQ(sequence, profile->blocks);
        if (profile->blocks++ == 0)
            first_id_word = id_word;
        CHECK_EQ(id_word, first_id_word);
        profile->state = FORMAT_STATE_UNKNOWN;
        in.at = bytes + at + FORMAT_BLOCK_HEADER_BYTES;
        in.end = in.at + payload;
        in.bad = false;
        while ((type = sigprof__get_record(&in, &body)))
            take_record(profile, type, &body);
        CHECK(!in.bad);
        at += FORMAT_BLOCK_HEADER_BYTES + payload;
        whole = at;
    }
    profile->tail = size - whole;
}

static int read_whole(const char *path, uint8_t **bytes, size_t *size)
{
    FILE *file = fopen(path, "rb");
    long length;

    if (!file)
        return errno;
    fseek(file, 0, SEEK_END);
    length = ftell(file);
    rewind(file);
    *bytes = malloc((size_t)length + 1);
    CHECK(*bytes != NULL);
    *size = fread(*bytes, 1, (size_t)length, file);
    fclose(file);
    return 0;
}

int profile_read(struct profile *profile, const char *path)
{
    uint8_t *bytes;
    size_t size;
    int error = read_whole(path, &bytes, &size);

    if (error)
        return error;
    profile_parse(profile, bytes, size);
    free(bytes);
    return 0;
}

static void id_of(const struct profile *profile, uint8_t *id)
{
    const char *text = profile_info(profile, "id");

    CHECK_EQ(strlen(text), 2 * FORMAT_ID_BYTES);
    for (unsigned i = 0; i < FORMAT_ID_BYTES; i++) {
        unsigned byte;

        CHECK_EQ(sscanf(text + 2 * i, "%2x", &byte), 1);
        id[i] = (uint8_t)byte;
    }
}

int profile_read_salvaged(struct profile *profile, const char *path)
{
    uint8_t id[FORMAT_ID_BYTES];
    uint8_t *bytes, *tail;
    size_t size, tail_size;
    int error = read_whole(path, &bytes, &size);

    enum salvage_state state;

    if (error)
        return error;
    profile_parse(profile, bytes, size);
    id_of(profile, id);
    state = sigprof__salvage(profile_info(profile, "ring"), id, bytes, size,
                             &tail, &tail_size);
    if (state == SALVAGE_NONE) {
        /* A start of the same user, in another test, was faster. */
        free(bytes);
        profile_free(profile);
        CHECK_EQ(read_whole(path, &bytes, &size), 0);
        profile_parse(profile, bytes, size);
    }
    if (state == SALVAGE_TAIL) {
        bytes = realloc(bytes, size + tail_size);
        CHECK(bytes != NULL);
        memcpy(bytes + size, tail, tail_size);
        free(tail);
        profile_free(profile);
        profile_parse(profile, bytes, size + tail_size);
    }
    free(bytes);
    return 0;
}

void profile_free(struct profile *profile)
{
    free(profile->node);
    free(profile->sample);
    free(profile->thread);
    free(profile->mark);
    free(profile->pc);
    memset(profile, 0, sizeof *profile);
}

const char *profile_info(const struct profile *profile, const char *key)
{
    for (uint32_t i = 0; i < profile->infos; i++)
        if (strcmp(profile->info[i].key, key) == 0)
            return profile->info[i].value;
    return "";
}

int64_t profile_sheet(const struct profile *profile, const char *name)
{
    for (uint32_t i = 0; i < profile->sheet_lines; i++)
        if (strcmp(profile->sheet[i].name, name) == 0)
            return profile->sheet[i].value;
    FAIL("the balance sheet has no %s", name);
}

uint32_t profile_stack(const struct profile *profile, uint32_t sample,
                       uint64_t *pc, uint32_t room)
{
    uint32_t count = 0;

    for (uint32_t at = profile->sample[sample].node; at;
         at = profile->node[at].parent) {
        CHECK(count < room);
        pc[count++] = profile->node[at].pc;
    }
    return count;
}

double profile_imbalance(const struct profile *profile)
{
    static const char *const periods[] = {"taken", "overrun", "dropped_full",
                                          "dropped_busy", "dropped_slot"};
    static const char *const ns[] = {
        "unsampled_exit_ns",   "unsampled_running_ns", "unsampled_blocked_ns",
        "unsampled_paused_ns", "unsampled_kernel_ns", "unsampled_unseen_ns",  "own_ns"};
    double period = strtod(profile_info(profile, "period_ns"), NULL);
    double due = (double)profile_sheet(profile, "due_ns");
    double sum = 0;

    for (unsigned i = 0; i < sizeof periods / sizeof *periods; i++)
        sum += period * (double)profile_sheet(profile, periods[i]);
    for (unsigned i = 0; i < sizeof ns / sizeof *ns; i++)
        sum += (double)profile_sheet(profile, ns[i]);
    return (due - sum) / due;
}
