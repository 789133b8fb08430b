/* SPDX-License-Identifier: BSD-2-Clause */
/* A dead process's ring and its file make one profile, nothing lost or doubled. */
#include "salvage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encode.h"
#include "support/profile.h"
#include "support/run.h"
#include "support/samples.h"

#define DEPTH 30
#define START_NS 1000

static struct ring ring;
static struct encoder encoder;
static struct unwind_stack *stack;
static struct ring_owner owner;
static uint8_t file[1 << 20];
static size_t file_bytes;
static uint64_t now_ns;

static bool sink(void *arg, uint8_t *bytes, size_t size)
{
    (void)arg;
    CHECK(file_bytes + size <= sizeof file);
    memcpy(file + file_bytes, bytes, size);
    file_bytes += size;
    return true;
}

static void begin_with(size_t ring_bytes, uint32_t blocks)
{
    samples_ring(&ring, ring_bytes, DEPTH);
    sigprof__ring_open_blocks(&ring, blocks);
    stack = samples_stack(DEPTH);
    owner = (struct ring_owner){0};
    CHECK(sigprof__encode_make(&encoder, &ring, ring.head->id, START_NS));
    encoder.sink = sink;
    file_bytes = 0;
    now_ns = START_NS;
}

static void begin(void)
{
    begin_with(64 << 10, 8);
}

/* The drain's part of a life: the file's start. */
static void begin_file(void)
{
    uint8_t header[FORMAT_FILE_HEADER_BYTES], record[128], body[100];
    struct format_out out = {record, record + sizeof record, false};
    struct format_out in = {body, body + sizeof body, false};
    char id[33];

    sigprof__format_file_header(header);
    sink(NULL, header, sizeof header);
    for (unsigned i = 0; i < FORMAT_ID_BYTES; i++)
        snprintf(id + 2 * i, 3, "%02x", ring.head->id[i]);
    sigprof__put_string(&in, "id", 2);
    sigprof__put_string(&in, id, 32);
    sigprof__put_varint(&out, FORMAT_INFO);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
    CHECK(sigprof__encode_records(&encoder, record, (size_t)(out.at - record)));
    CHECK(sigprof__encode_flush(&encoder));
}

static void end(void)
{
    sigprof__encode_drop(&encoder);
    sigprof__ring_drop(&ring, true);
    samples_stack_free(stack);
}

static void put(unsigned count)
{
    while (count--) {
        const uint64_t pc[] = {0x400000 + now_ns % 97, 0x401000, 0x402000};
        struct ring_record header = {.weight = 1, .time_ns = ++now_ns};

        samples_walk(stack, pc, 3, 2);
        CHECK(sigprof__ring_append(&ring, &owner, 7, stack, &header, 0));
    }
}

static void drain(bool and_flush)
{
    for (uint32_t i = 0; i < ring.blocks; i++)
        CHECK(sigprof__encode_ring_block(&encoder, i));
    CHECK(!and_flush || sigprof__encode_flush(&encoder));
}

static void die(void)
{
    flock(ring.descriptor, LOCK_UN); /* as the end of a process does */
    sigprof__ring_close(&ring);
}

/* File and tail together hold the samples 1..count, each once. */
static void check_whole(unsigned count)
{
    struct profile profile;
    uint8_t *tail;
    size_t size;

    CHECK_EQ(sigprof__salvage(ring.path, ring.head->id, file, file_bytes, &tail,
                              &size),
             SALVAGE_TAIL);
    sink(NULL, tail, size);
    free(tail);
    profile_parse(&profile, file, file_bytes);
    CHECK_EQ(profile.samples, count);
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQ(profile.sample[i].time_ns, i + 1);
        CHECK_EQ(profile.sample[i].tid, 7);
        CHECK(profile.sample[i].node != 0);
        CHECK_EQ(profile.node[profile.sample[i].node].pc,
                 0x400000 + (START_NS + i) % 97);
    }
    CHECK_EQ(profile.ends, 0);
    profile_free(&profile);
}

static void a_ring_without_a_file_gives_all_of_it(void)
{
    begin();
    put(200);
    die();
    check_whole(200);
    end();
}

static void only_what_the_file_lacks_is_added(void)
{
    begin();
    begin_file();
    put(50);
    drain(true);
    put(30);
    die();
    check_whole(80);
    end();
}

static void a_file_that_has_it_all_gains_nothing(void)
{
    begin();
    begin_file();
    put(50);
    drain(true);
    die();
    check_whole(50);
    end();
}

static void blocks_freed_and_taken_again_are_not_doubled(void)
{
    begin();
    begin_file();
    for (unsigned i = 0; i < 40; i++) {
        put(37);
        if (i % 3)
            sigprof__ring_release(&ring, &owner);
        drain(true);
        for (uint32_t b = 0; b < ring.blocks; b++)
            if (ring_state_of(atomic_load(&ring_block(&ring, b)->word)) ==
                RING_SEALED)
                sigprof__ring_free(&ring, b);
    }
    put(11);
    die();
    check_whole(40 * 37 + 11);
    end();
}

/* Killed inside a write: the torn block's samples are still in the ring. */
static void a_torn_block_at_the_end_of_the_file_is_said_again(void)
{
    struct profile profile;
    size_t whole;

    for (unsigned cut = 1; cut < 300; cut += 13) {
        begin();
        begin_file();
        put(50);
        drain(true);
        whole = file_bytes;
        put(20);
        drain(true);
        CHECK(file_bytes - cut > whole);
        file_bytes -= cut;
        die();
        check_whole(70);
        profile_parse(&profile, file, file_bytes);
        CHECK(profile.damaged > 0);
        CHECK_EQ(profile.tail, 0);
        profile_free(&profile);
        end();
    }
}

static void a_record_that_was_not_committed_is_not_there(void)
{
    struct ring_block *block;

    begin();
    begin_file();
    put(10);
    block = ring_block(&ring, owner.block - 1);
    /* Killed in put_record: bytes are there, the length is not. */
    memset(block->records + atomic_load(&block->committed), 0xee, 64);
    atomic_store(&block->word, ring_state(owner.life, RING_WRITING));
    die();
    check_whole(10);
    end();
}

static void a_ring_that_lives_is_left_alone(void)
{
    uint8_t *tail;
    size_t size;

    begin();
    put(5);
    CHECK_EQ(sigprof__salvage(ring.path, ring.head->id, NULL, 0, &tail, &size),
             SALVAGE_ALIVE);
    CHECK(tail == NULL);
    end();
}

/* As every start of the same user does, for a moment. */
static void a_ring_that_others_look_at_too_is_no_live_one_s(void)
{
    int other;

    begin();
    put(5);
    other = open(ring.path, O_RDONLY);
    CHECK(other >= 0);
    CHECK(flock(other, LOCK_EX | LOCK_NB) != 0);
    CHECK_EQ(flock(other, LOCK_SH | LOCK_NB), 0);
    CHECK(sigprof__ring_alive(ring.path));
    CHECK_EQ(flock(other, LOCK_UN), 0);
    die();
    CHECK_EQ(flock(other, LOCK_EX | LOCK_NB), 0);
    check_whole(5);
    close(other);
    end();
}

static void another_recording_s_ring_is_none_of_ours(void)
{
    uint8_t other[FORMAT_ID_BYTES] = {1};
    uint8_t *tail;
    size_t size;

    begin();
    put(5);
    die();
    CHECK_EQ(sigprof__salvage(ring.path, other, NULL, 0, &tail, &size),
             SALVAGE_NONE);
    CHECK_EQ(sigprof__salvage("/dev/shm/none", ring.head->id, NULL, 0, &tail,
                              &size),
             SALVAGE_NONE);
    end();
}

static void losses_are_told_too(void)
{
    struct profile profile;
    uint8_t *tail;
    size_t size;

    begin();
    begin_file();
    put(5);
    sigprof__ring_count_drop(&ring, RING_DROP_FULL, 17, START_NS + 500);
    die();
    CHECK_EQ(sigprof__salvage(ring.path, ring.head->id, file, file_bytes, &tail,
                              &size),
             SALVAGE_TAIL);
    sink(NULL, tail, size);
    free(tail);
    profile_parse(&profile, file, file_bytes);
    CHECK_EQ(profile_sheet(&profile, "dropped_full"), 17);
    CHECK_EQ(profile_sheet(&profile, "first_drop_ns"), 500);
    profile_free(&profile);
    end();
}

static void write_profile(const char *path)
{
    FILE *out = fopen(path, "wb");

    CHECK(out != NULL);
    CHECK_EQ(fwrite(file, 1, file_bytes, out), file_bytes);
    fclose(out);
}

/* By a window, over what is damaged in between, and where less is there than was
 * said: the same tail as from memory. */
static void a_large_file_is_read_by_parts(void)
{
    const size_t hole = 5 << 20;
    struct profile profile;
    uint8_t *tail, *large = calloc(1, hole + sizeof file);
    const char *path = run_path("large");
    size_t size, first;
    FILE *out;

    CHECK(large != NULL);
    begin();
    begin_file();
    put(50);
    drain(true);
    first = file_bytes;
    put(30);
    drain(true);
    put(20);
    die();
    memcpy(large, file, first);
    memcpy(large + first + hole, file + first, file_bytes - first);
    out = fopen(path, "w+b");
    CHECK(out != NULL);
    CHECK_EQ(fwrite(large, 1, hole + file_bytes, out), hole + file_bytes);
    CHECK_EQ(fflush(out), 0);
    for (uint64_t more = 0; more <= 9 << 20; more += 9 << 20) {
        CHECK_EQ(sigprof__salvage_file(ring.path, ring.head->id, fileno(out),
                                       hole + file_bytes + more, &tail, &size),
                 SALVAGE_TAIL);
        profile_parse(&profile, file, file_bytes);
        CHECK_EQ(profile.samples, 80);
        profile_free(&profile);
        CHECK(file_bytes + size <= sizeof file);
        memcpy(file + file_bytes, tail, size);
        free(tail);
        profile_parse(&profile, file, file_bytes + size);
        CHECK_EQ(profile.samples, 100);
        profile_free(&profile);
    }
    fclose(out);
    free(large);
    end();
}

static void keeping_appends_and_then_removes_the_ring(void)
{
    struct profile profile;
    const char *path = run_path("kept");
    uint8_t *tail;
    size_t size;

    begin();
    begin_file();
    put(20);
    drain(true);
    put(5);
    write_profile(path);
    die();
    CHECK_EQ(sigprof__salvage(ring.path, ring.head->id, file, file_bytes, &tail,
                              &size),
             SALVAGE_TAIL);
    CHECK_EQ(sigprof__salvage_keep(ring.path, path, tail, size), 0);
    CHECK(access(ring.path, F_OK) != 0);
    free(tail);
    CHECK_EQ(profile_read(&profile, path), 0);
    CHECK_EQ(profile.samples, 25);
    profile_free(&profile);
    end();
}

static void the_ring_stays_when_the_file_cannot_be_written(void)
{
    uint8_t *tail;
    size_t size;

    begin();
    put(5);
    die();
    CHECK_EQ(sigprof__salvage(ring.path, ring.head->id, NULL, 0, &tail, &size),
             SALVAGE_TAIL);
    CHECK(sigprof__salvage_keep(ring.path, "/no/such/file", tail, size) != 0);
    CHECK(access(ring.path, F_OK) == 0);
    CHECK(sigprof__salvage_keep(ring.path, "/dev/full", tail, size) != 0);
    CHECK(access(ring.path, F_OK) == 0);
    free(tail);
    end();
}

static void the_next_start_puts_a_dead_ring_into_its_file(void)
{
    struct profile profile;
    const char *path = run_path("swept");

    begin();
    begin_file();
    put(20);
    drain(true);
    put(5);
    write_profile(path);
    snprintf(ring.head->profile[0], sizeof ring.head->profile[0], "%s", path);
    die();
    sigprof__salvage_sweep(ring.path);
    CHECK(access(ring.path, F_OK) != 0);
    CHECK_EQ(profile_read(&profile, path), 0);
    CHECK_EQ(profile.samples, 25);
    profile_free(&profile);
    end();
}

static void a_ring_whose_file_is_gone_is_not_swept(void)
{
    begin();
    put(5);
    snprintf(ring.head->profile[0], sizeof ring.head->profile[0], "%s",
             run_path("was-never"));
    die();
    sigprof__salvage_sweep(ring.path);
    CHECK(access(ring.path, F_OK) == 0);
    end();
}

static blkcnt_t memory_of(const char *path)
{
    struct stat status;

    CHECK_EQ(stat(path, &status), 0);
    return status.st_blocks;
}

/* A word that is read there takes a page of memory, or a SIGBUS where there is none. */
static void what_was_never_opened_is_not_looked_at(void)
{
    blkcnt_t before;

    begin_with(1 << 20, 4);
    put(20);
    CHECK_EQ(sigprof__ring_opened(&ring), 4);
    die();
    before = memory_of(ring.path);
    check_whole(20);
    CHECK_EQ(memory_of(ring.path), before);
    sigprof__salvage_sweep(ring.path);
    CHECK_EQ(memory_of(ring.path), before);
    CHECK_EQ(sigprof__ring_oldest_ns(&ring), START_NS + 1);
    CHECK_EQ(memory_of(ring.path), before);
    end();
}

static void an_empty_ring_is_swept(void)
{
    begin();
    die();
    sigprof__salvage_sweep(ring.path);
    CHECK(access(ring.path, F_OK) != 0);
    end();
}

int main(void)
{
    RUN(a_ring_without_a_file_gives_all_of_it);
    RUN(only_what_the_file_lacks_is_added);
    RUN(a_file_that_has_it_all_gains_nothing);
    RUN(blocks_freed_and_taken_again_are_not_doubled);
    RUN(a_torn_block_at_the_end_of_the_file_is_said_again);
    RUN(a_record_that_was_not_committed_is_not_there);
    RUN(a_ring_that_lives_is_left_alone);
    RUN(a_ring_that_others_look_at_too_is_no_live_one_s);
    RUN(another_recording_s_ring_is_none_of_ours);
    RUN(losses_are_told_too);
    RUN(a_large_file_is_read_by_parts);
    RUN(keeping_appends_and_then_removes_the_ring);
    RUN(the_ring_stays_when_the_file_cannot_be_written);
    RUN(the_next_start_puts_a_dead_ring_into_its_file);
    RUN(a_ring_whose_file_is_gone_is_not_swept);
    RUN(what_was_never_opened_is_not_looked_at);
    RUN(an_empty_ring_is_swept);
    return 0;
}
