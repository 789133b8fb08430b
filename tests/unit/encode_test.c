/* SPDX-License-Identifier: BSD-2-Clause */
/* Ring to file: what the reader finds is what was put. */
#include "encode.h"

#include "support/profile.h"
#include "support/samples.h"

#define DEPTH 60
#define START_NS 1000

/* What was put, in order. */
struct put {
    int tid;
    uint32_t count;
    uint64_t pc[DEPTH];
    struct ring_record header;
};

static struct ring ring;
static struct encoder encoder;
static struct put *put;
static unsigned put_count, put_room;
static struct {
    uint8_t *bytes;
    size_t size, room;
    unsigned refuse; /* so many calls fail */
    unsigned refused;
} file;

static bool sink(void *arg, uint8_t *bytes, size_t size)
{
    (void)arg;
    if (file.refuse) {
        file.refuse--;
        file.refused++;
        return false;
    }
    if (file.size + size > file.room) {
        file.room = 2 * (file.size + size);
        file.bytes = realloc(file.bytes, file.room);
        CHECK(file.bytes != NULL);
    }
    memcpy(file.bytes + file.size, bytes, size);
    file.size += size;
    return true;
}

static void begin(size_t ring_bytes)
{
    uint8_t header[FORMAT_FILE_HEADER_BYTES];

    samples_ring(&ring, ring_bytes, DEPTH);
    sigprof__ring_open_blocks(&ring, ring.blocks);
    CHECK(sigprof__encode_make(&encoder, &ring, ring.head->id, START_NS));
    encoder.sink = sink;
    memset(&file, 0, sizeof file);
    put_count = 0;
    sigprof__format_file_header(header);
    sink(NULL, header, sizeof header);
}

static void end(void)
{
    sigprof__encode_drop(&encoder);
    sigprof__ring_drop(&ring, true);
    free(file.bytes);
    free(put);
    put = NULL;
    put_room = 0;
}

static bool append(struct ring_owner *owner, struct unwind_stack *stack,
                   int tid, const uint64_t *pc, uint32_t count,
                   uint32_t shared, const struct ring_record *header)
{
    struct put *one;

    samples_walk(stack, pc, count, shared);
    if (!sigprof__ring_append(&ring, owner, tid, stack, header, 0))
        return false;
    if (put_count == put_room) {
        put_room = put_room ? 2 * put_room : 1024;
        put = realloc(put, put_room * sizeof *put);
        CHECK(put != NULL);
    }
    one = &put[put_count++];
    one->tid = tid;
    one->count = count;
    one->header = *header;
    memcpy(one->pc, pc, count * sizeof *pc);
    return true;
}

/* As the drain does, until the sink has taken all of it. */
static void drain(void)
{
    for (uint32_t i = 0; i < ring.blocks; i++)
        while (!sigprof__encode_ring_block(&encoder, i))
            ;
    while (!sigprof__encode_flush(&encoder))
        ;
}

static int by_time(const void *left, const void *right)
{
    const struct profile_sample *l = left, *r = right;

    return l->time_ns < r->time_ns ? -1 : l->time_ns > r->time_ns;
}

/* Blocks are drained in any order: a record of the file has its own in time
 * order, but not the whole file. Times are different in these tests. */
static void sort_samples(struct profile *profile)
{
    qsort(profile->sample, profile->samples, sizeof *profile->sample, by_time);
}

/* Every sample of thread tid is there, once, with all that it had. */
static void check_thread(const struct profile *profile, int tid)
{
    unsigned found = 0;
    unsigned i = 0;

    for (unsigned s = 0; s < profile->samples; s++) {
        const struct profile_sample *sample = &profile->sample[s];
        uint64_t pc[DEPTH + 8];

        if (sample->tid != (uint32_t)tid)
            continue;
        while (i < put_count && put[i].tid != tid)
            i++;
        CHECK(i < put_count);
        CHECK_EQ(sample->time_ns, put[i].header.time_ns - START_NS);
        CHECK_EQ(sample->weight, put[i].header.weight);
        CHECK_EQ(sample->label, put[i].header.label);
        CHECK_EQ(sample->end, put[i].header.end);
        CHECK_EQ(sample->state, put[i].header.state);
        CHECK_EQ(profile_stack(profile, s, pc, DEPTH + 8), put[i].count);
        CHECK(memcmp(pc, put[i].pc, put[i].count * sizeof *pc) == 0);
        i++;
        found++;
    }
    while (i < put_count && put[i].tid != tid)
        i++;
    CHECK_EQ(i, put_count);
    CHECK(found > 0);
}

static const struct ring_record plain = {.weight = 1, .time_ns = 2000};

static void what_was_put_is_what_is_read(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    const uint64_t first[] = {0x401000, 0x400800, FORMAT_MARK_SIGNAL,
                              (uintptr_t)0x7ffff7a00000, 0x400100};
    const uint64_t second[] = {~(uintptr_t)0, (uintptr_t)0x7ffff7a00000,
                               0x400100};
    struct ring_record header = {.weight = 70000,
                                 .label = 3,
                                 .end = FORMAT_END_DEPTH,
                                 .time_ns = 123456789012345678};
    struct profile profile;

    begin(64 << 10);
    append(&owner, stack, 42, first, 5, 0, &plain);
    append(&owner, stack, 42, second, 3, 2, &header);
    header.label = 0;
    header.end = 0;
    header.weight = 1;
    append(&owner, stack, 42, second, 3, 3, &header);
    drain();
    profile_parse(&profile, file.bytes, file.size);
    CHECK_EQ(profile.samples, 3);
    CHECK_EQ(profile.damaged, 0);
    CHECK_EQ(profile.periods, 70002);
    CHECK_EQ(profile.nodes, 6); /* five, and one more leaf under two of them */
    check_thread(&profile, 42);
    profile_free(&profile);
    samples_stack_free(stack);
    end();
}

static void free_sealed(void)
{
    for (uint32_t i = 0; i < ring.blocks; i++)
        if (ring_state_of(atomic_load(&ring_block(&ring, i)->word)) ==
            RING_SEALED)
            sigprof__ring_free(&ring, i);
}

/* Random walks of three threads: the leaf's side changes, the root's stays. Now
 * and then somebody else writes for them. */
static void random_samples(unsigned count, unsigned fresh_pcs, bool drain_often)
{
    struct unwind_stack *stack[3];
    struct ring_owner owner[3] = {{0}}, other = {.mixed = true};
    uint64_t pc[3][DEPTH];
    uint32_t depth[3] = {0, 0, 0};
    static uint64_t now;

    now = put_count ? now : START_NS;
    for (unsigned t = 0; t < 3; t++)
        stack[t] = samples_stack(DEPTH);
    for (unsigned i = 0; i < count; i++) {
        unsigned t = (unsigned)rand() % 3;
        uint32_t keep = depth[t] ? (uint32_t)rand() % (depth[t] + 1) : 0;
        uint32_t fresh = 1 + (uint32_t)rand() % (DEPTH - keep ? DEPTH - keep : 1);
        struct ring_record header = {
            .weight = (uint32_t)(rand() % 4 ? 1 : rand() % 1000 + 1),
            .label = (uint32_t)(rand() % 3),
            .end = (uint8_t)(rand() % 5 ? 0 : rand() % 5),
            .state = (uint8_t)(rand() % 3 ? 0 : rand() % FORMAT_STATES)};
        struct ring_owner *by = rand() % 4 ? &owner[t] : &other;

        if (keep == DEPTH)
            keep = DEPTH - 1;
        if (keep + fresh > DEPTH)
            fresh = DEPTH - keep;
        memmove(pc[t] + fresh, pc[t] + depth[t] - keep, keep * sizeof **pc);
        for (uint32_t f = 0; f < fresh; f++)
            pc[t][f] = 0x400000 + 8 * ((uint64_t)rand() % fresh_pcs);
        depth[t] = keep + fresh;
        header.time_ns = now += 1 + (uint64_t)rand() % 100000;
        if (!append(by, stack[t], (int)(100 + t), pc[t], depth[t], keep,
                    &header)) {
            drain();
            free_sealed();
            CHECK(append(by, stack[t], (int)(100 + t), pc[t], depth[t], 0,
                         &header));
        }
        if (by == &other)
            owner[t].continues = false;
        if (drain_often && rand() % 50 == 0)
            drain();
    }
    drain();
    for (unsigned t = 0; t < 3; t++) {
        sigprof__ring_release(&ring, &owner[t]);
        samples_stack_free(stack[t]);
    }
    sigprof__ring_release(&ring, &other);
    free_sealed();
}

static void check_all(struct profile *profile)
{
    profile_parse(profile, file.bytes, file.size);
    sort_samples(profile);
    CHECK_EQ(profile->damaged, 0);
    CHECK_EQ(profile->samples, put_count);
    CHECK_EQ(encoder.samples, put_count);
    for (int tid = 100; tid < 103; tid++)
        check_thread(profile, tid);
}

static void many_samples_of_few_places_are_read_back(void)
{
    struct profile profile;

    begin(256 << 10);
    random_samples(20000, 50, true);
    check_all(&profile);
    profile_free(&profile);
    end();
}

static void stacks_are_whole_in_every_generation(void)
{
    struct profile profile;

    begin(256 << 10);
    random_samples(20000, 100000000, true);
    CHECK(file.size > 4 * FORMAT_GENERATION_BYTES);
    check_all(&profile);
    CHECK(profile.resets >= 4);
    profile_free(&profile);
    end();
}

/* A reset falls between two passes: records that share with one before it. */
static void a_generation_that_begins_inside_a_ring_block_says_its_stack_again(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    const uint64_t pc[] = {0x401000, 0x402000, 0x403000, 0x404000};
    struct profile profile;

    begin(64 << 10);
    append(&owner, stack, 100, pc, 4, 0, &plain);
    append(&owner, stack, 101, pc + 1, 3, 3, &plain);
    drain();
    encoder.generation_bytes = FORMAT_GENERATION_BYTES;
    append(&owner, stack, 100, pc, 4, 3, &plain);
    drain();
    profile_parse(&profile, file.bytes, file.size);
    CHECK_EQ(profile.resets, 2);
    CHECK_EQ(profile.samples, 3);
    profile_free(&profile);
    samples_stack_free(stack);
    end();
}

static void a_sink_that_refuses_is_asked_again_and_nothing_is_lost(void)
{
    struct profile profile;
    unsigned before;

    begin(256 << 10);
    for (unsigned i = 0; i < 40; i++) {
        before = put_count;
        file.refuse = 3;
        random_samples(200, 1000, false);
        CHECK_EQ(put_count, before + 200);
    }
    CHECK_EQ(file.refused, 120);
    /* The random walks above began anew each time with their threads' blocks. */
    check_all(&profile);
    profile_free(&profile);
    end();
}

static void while_the_sink_refuses_nothing_is_taken_from_the_ring(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    const uint64_t pc[] = {0x401000, 0x402000};
    uint32_t done;

    begin(64 << 10);
    append(&owner, stack, 1, pc, 2, 0, &plain);
    CHECK(sigprof__encode_ring_block(&encoder, 0));
    file.refuse = 1000;
    CHECK(!sigprof__encode_flush(&encoder));
    CHECK(encoder.stuck);
    done = encoder.cursor[0].done;
    append(&owner, stack, 1, pc, 2, 2, &plain);
    CHECK(!sigprof__encode_ring_block(&encoder, 0));
    CHECK_EQ(encoder.cursor[0].done, done);
    CHECK_EQ(encoder.samples, 1);
    CHECK_EQ(file.size, FORMAT_FILE_HEADER_BYTES);
    file.refuse = 0;
    drain();
    CHECK_EQ(encoder.samples, 2);
    samples_stack_free(stack);
    end();
}

static void marks_say_how_far_the_file_is(void)
{
    struct profile profile;
    uint64_t done[256] = {0}, life[256] = {0};

    begin(256 << 10);
    random_samples(3000, 1000, true);
    profile_parse(&profile, file.bytes, file.size);
    CHECK(profile.marks > 0);
    for (uint32_t i = 0; i < profile.marks; i++) {
        const struct profile_mark *mark = &profile.mark[i];

        CHECK(mark->block < ring.blocks);
        CHECK(mark->life > life[mark->block] ||
              (mark->life == life[mark->block] &&
               mark->done > done[mark->block]));
        life[mark->block] = mark->life;
        done[mark->block] = mark->done;
    }
    for (uint32_t i = 0; i < ring.blocks; i++) {
        struct ring_block *block = ring_block(&ring, i);

        if (!life[i])
            continue;
        CHECK_EQ(life[i], ring_life(atomic_load(&block->word)));
        CHECK_EQ(done[i], atomic_load(&block->committed));
    }
    profile_free(&profile);
    end();
}

static void records_of_other_kinds_go_through_as_they_are(void)
{
    uint8_t record[64], body[40];
    struct format_out out = {record, record + sizeof record, false};
    struct format_out in = {body, body + sizeof body, false};
    struct profile profile;

    begin(64 << 10);
    sigprof__put_string(&in, "key", 3);
    sigprof__put_string(&in, "value", 5);
    sigprof__put_varint(&out, FORMAT_INFO);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
    CHECK(sigprof__encode_records(&encoder, record, (size_t)(out.at - record)));
    drain();
    profile_parse(&profile, file.bytes, file.size);
    CHECK_STR(profile_info(&profile, "key"), "value");
    profile_free(&profile);
    end();
}

static void a_ring_of_nonsense_does_no_harm(void)
{
    struct profile profile;

    for (unsigned seed = 0; seed < 300; seed++) {
        begin(128 << 10);
        srand(seed);
        random_samples(200, 1000, false);
        for (unsigned i = 0; i < 200; i++) {
            uint32_t index = (uint32_t)rand() % ring.blocks;
            uint8_t *at = (uint8_t *)ring_block(&ring, index);

            at[rand() % 2 ? rand() % 8 : rand() % (int)ring.block_bytes] =
                (uint8_t)rand();
        }
        file.size = FORMAT_FILE_HEADER_BYTES;
        sigprof__encode_drop(&encoder);
        CHECK(sigprof__encode_make(&encoder, &ring, ring.head->id, START_NS));
        encoder.sink = sink;
        drain();
        profile_parse(&profile, file.bytes, file.size);
        CHECK_EQ(profile.damaged, 0);
        profile_free(&profile);
        end();
    }
}

int main(void)
{
    RUN(what_was_put_is_what_is_read);
    RUN(many_samples_of_few_places_are_read_back);
    RUN(stacks_are_whole_in_every_generation);
    RUN(a_generation_that_begins_inside_a_ring_block_says_its_stack_again);
    RUN(a_sink_that_refuses_is_asked_again_and_nothing_is_lost);
    RUN(while_the_sink_refuses_nothing_is_taken_from_the_ring);
    RUN(marks_say_how_far_the_file_is);
    RUN(records_of_other_kinds_go_through_as_they_are);
    RUN(a_ring_of_nonsense_does_no_harm);
    return 0;
}
