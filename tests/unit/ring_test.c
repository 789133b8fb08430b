/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring: exact words in, exact words out, and who may enter a block. */
#include "ring.h"

#include <pthread.h>
#include <sched.h>
#include <sys/file.h>

#include "support/samples.h"

#define DEPTH 30

static struct ring ring;

static void open_all(void)
{
    sigprof__ring_open_blocks(&ring, ring.blocks);
    CHECK_EQ(sigprof__ring_free_blocks(&ring), ring.blocks);
}

static void begin(void)
{
    samples_ring(&ring, 64 << 10, DEPTH);
    CHECK_EQ(ring.blocks, 8);
    CHECK_EQ(ring.block_bytes, 8192);
    open_all();
}

static void end(void)
{
    char path[sizeof ring.path];

    strcpy(path, ring.path);
    sigprof__ring_drop(&ring, true);
    CHECK(access(path, F_OK) != 0);
}

static const struct ring_record plain = {
    .weight = 1, .label = 0, .time_ns = 5000, .end = FORMAT_END_COMPLETE};

static bool append(struct ring_owner *owner, int tid,
                   struct unwind_stack *stack, uint32_t frames,
                   uint32_t shared, const struct ring_record *header)
{
    uint64_t pc[DEPTH];

    for (uint32_t i = 0; i < frames; i++)
        pc[i] = 0x400000 + 16 * i;
    samples_walk(stack, pc, frames, shared);
    return sigprof__ring_append(&ring, owner, tid, stack, header, 0);
}

static struct ring_block *block_of(const struct ring_owner *owner)
{
    CHECK(owner->block != 0);
    return ring_block(&ring, owner->block - 1);
}

static enum ring_block_state state_of(const struct ring_block *block)
{
    return ring_state_of(atomic_load(&block->word));
}

static void a_record_is_the_words_that_were_put(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    struct ring_record header = {.weight = 3,
                                 .label = 7,
                                 .time_ns = 0x1122334455667788,
                                 .end = FORMAT_END_NO_RULE |
                                        FORMAT_END_GUESSED};
    const uint64_t pc[] = {0xaaaa, FORMAT_MARK_SIGNAL,
                           (uintptr_t)0x7fffffffe000};
    const struct ring_record *record;
    struct ring_block *block;
    uint64_t word[6];

    begin();
    samples_walk(stack, pc, 3, 0);
    CHECK(sigprof__ring_append(&ring, &owner, 4711, stack, &header, 0));
    block = block_of(&owner);
    CHECK_EQ(block->tid, 4711);
    CHECK_EQ(state_of(block), RING_OWNED);
    CHECK_EQ(ring_life(atomic_load(&block->word)), 1);
    CHECK_EQ(atomic_load(&block->committed), 48);
    memcpy(word, block->records, sizeof word);
    record = (const void *)block->records; /* in the machine's byte order */
    CHECK_EQ(record->words, 6);
    CHECK_EQ(record->fresh, 3);
    CHECK_EQ(record->shared, 0);
    CHECK_EQ(record->end, FORMAT_END_NO_RULE | FORMAT_END_GUESSED);
    CHECK_EQ(record->state, 0);
    CHECK_EQ(record->weight, 3);
    CHECK_EQ(record->label, 7);
    CHECK_EQ(word[2], 0x1122334455667788);
    CHECK_EQ(word[3], 0xaaaa);
    CHECK_EQ(word[4], FORMAT_MARK_SIGNAL);
    CHECK_EQ(word[5], (uintptr_t)0x7fffffffe000);
    samples_stack_free(stack);
    end();
}

static void a_shared_root_is_not_written_twice(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    const struct ring_record *record;

    begin();
    CHECK(append(&owner, 1, stack, 10, 0, &plain));
    CHECK(append(&owner, 1, stack, 12, 9, &plain));
    record = (const void *)(block_of(&owner)->records + 24 + 8 * 10);
    CHECK_EQ(record->words, 3 + 3);
    CHECK_EQ(record->fresh, 3);
    CHECK_EQ(record->shared, 9);
    CHECK_EQ(record->pc[0], 0x400000);
    CHECK_EQ(atomic_load(&block_of(&owner)->committed), 24 + 80 + 24 + 24);
    samples_stack_free(stack);
    end();
}

static void a_new_block_begins_with_a_whole_stack(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    unsigned fit = (8192 - 64) / (24 + 8 * 10); /* of ten fresh frames */
    uint32_t first;
    const struct ring_record *record;

    begin();
    for (unsigned i = 0; i < fit; i++)
        CHECK(append(&owner, 1, stack, 10, 0, &plain));
    first = owner.block;
    CHECK_EQ(atomic_load(&block_of(&owner)->committed), fit * (24 + 80));
    CHECK(append(&owner, 1, stack, 20, 10, &plain));
    CHECK(owner.block != first);
    CHECK_EQ(state_of(ring_block(&ring, first - 1)), RING_SEALED);
    record = (const void *)block_of(&owner)->records;
    CHECK_EQ(record->fresh, 20);
    CHECK_EQ(record->shared, 0);
    samples_stack_free(stack);
    end();
}

static void a_block_is_filled_to_its_last_byte(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    uint32_t first;

    /* 8128 bytes of room: 8 of 1016 bytes are 15 records of 64 and one of 56 */
    begin();
    for (unsigned i = 0; i < 127; i++)
        CHECK(append(&owner, 1, stack, 5, 0, &plain));
    first = owner.block;
    CHECK_EQ(atomic_load(&block_of(&owner)->committed), ring.room);
    CHECK(append(&owner, 1, stack, 1, 0, &plain));
    CHECK(owner.block != first);
    samples_stack_free(stack);
    end();
}

static void the_drain_takes_an_idle_block_and_its_owner_cannot_enter(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    struct ring_block *block;
    uint32_t index, committed;

    begin();
    CHECK(append(&owner, 1, stack, 5, 0, &plain));
    index = owner.block - 1;
    block = block_of(&owner);
    committed = atomic_load(&block->committed);
    CHECK(sigprof__ring_seal_idle(&ring, index, committed));
    CHECK_EQ(state_of(block), RING_SEALED);
    CHECK(append(&owner, 1, stack, 5, 5, &plain));
    CHECK_EQ(atomic_load(&block->committed), committed);
    CHECK(owner.block - 1 != index);
    CHECK_EQ(((const struct ring_record *)(const void *)block_of(&owner)
                  ->records)
                 ->fresh,
             5);
    samples_stack_free(stack);
    end();
}

static void a_block_that_is_being_written_is_not_taken(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    struct ring_block *block;

    begin();
    CHECK(append(&owner, 1, stack, 5, 0, &plain));
    block = block_of(&owner);
    atomic_store(&block->word, ring_state(owner.life, RING_WRITING));
    CHECK(!sigprof__ring_seal_idle(&ring, owner.block - 1,
                                   atomic_load(&block->committed)));
    CHECK_EQ(state_of(block), RING_WRITING);
    samples_stack_free(stack);
    end();
}

/* ---- A flight recorder's ------------------------------------------------- */

static void begin_flight(void)
{
    samples_ring_for(&ring, 64 << 10, DEPTH, true);
    CHECK_EQ(ring.blocks, 8);
    open_all();
}

static void append_at(struct ring_owner *owner, int tid,
                      struct unwind_stack *stack, uint64_t time_ns)
{
    struct ring_record header = plain;

    header.time_ns = time_ns;
    header.weight = 3;
    CHECK(append(owner, tid, stack, DEPTH, 0, &header));
}

/* Is a record of that thread and time in the ring? */
static bool holds(int tid, uint64_t time_ns)
{
    for (uint32_t i = 0; i < ring.blocks; i++) {
        const struct ring_block *block = ring_block(&ring, i);
        uint32_t committed = atomic_load(&block->committed);

        for (uint32_t at = 0; at < committed;) {
            const struct ring_record *record =
                (const struct ring_record *)(const void *)(block->records + at);

            if (block->tid == (uint32_t)tid && record->time_ns == time_ns)
                return true;
            at += 8u * record->words;
        }
    }
    return false;
}

static void a_quiet_thread_s_block_goes_when_it_is_the_oldest(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner quiet = {0}, busy = {0};
    uint64_t now = 1000, before;

    begin_flight();
    append_at(&quiet, 1, stack, now);
    while (now < 1100)
        append_at(&busy, 2, stack, ++now);
    append_at(&quiet, 1, stack, ++now); /* a word now and then */
    before = now;
    while (holds(2, 1001) || holds(2, 1060)) {
        append_at(&busy, 2, stack, ++now);
        CHECK(holds(1, 1000) && holds(1, before)); /* in the younger block */
    }
    while (holds(1, before))
        append_at(&busy, 2, stack, ++now);
    /* All that is younger is there yet, but for the rest of its block. */
    for (uint64_t time = before + 60; time <= now; time++)
        CHECK(holds(2, time));
    append_at(&quiet, 1, stack, ++now);
    CHECK(holds(1, now)); /* its owner has found another */
    CHECK_EQ(atomic_load(&ring.head->dropped[RING_DROP_FULL]), 0);
    samples_stack_free(stack);
    end();
}

static void what_is_overwritten_is_counted(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    uint64_t there = 0, made = 5000;

    begin_flight();
    for (uint64_t i = 0; i < made; i++)
        append_at(&owner, 1, stack, 1000 + i);
    for (uint64_t i = 0; i < made; i++) {
        bool held = holds(1, 1000 + i);

        there += held;
        CHECK(held || !there); /* the last ones, without a hole */
    }
    CHECK_EQ(there + atomic_load(&ring.head->overwritten_samples), made);
    CHECK_EQ(atomic_load(&ring.head->overwritten),
             3 * atomic_load(&ring.head->overwritten_samples));
    samples_stack_free(stack);
    end();
}

static void a_block_that_is_held_or_written_is_not_overwritten(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0}, other = {0};
    uint64_t now = 2000;

    begin_flight();
    append_at(&owner, 1, stack, 1000);
    append_at(&other, 3, stack, 1001);
    CHECK(sigprof__ring_hold(&ring, owner.block - 1));
    CHECK(!sigprof__ring_hold(&ring, owner.block - 1));
    atomic_store(&block_of(&other)->word, ring_state(other.life, RING_WRITING));
    for (unsigned i = 0; i < 5000; i++) {
        struct ring_owner busy = {0};

        append_at(&busy, 2, stack, ++now);
    }
    CHECK(holds(1, 1000) && holds(3, 1001));
    sigprof__ring_yield(&ring, owner.block - 1);
    append_at(&owner, 1, stack, ++now); /* takes the oldest: its own of before */
    CHECK(!holds(1, 1000) && holds(1, now));
    samples_stack_free(stack);
    end();
}

static void a_large_ring_has_larger_blocks_not_more(void)
{
    samples_ring_for(&ring, 64 << 20, DEPTH, true);
    CHECK_EQ(ring.blocks, RING_FLIGHT_BLOCKS_MAX);
    CHECK_EQ(ring.block_bytes, 16 << 10);
    end();
}

static void news_since_the_drain_looked_are_told_when_it_seals(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    uint32_t seen;

    begin();
    CHECK(append(&owner, 1, stack, 5, 0, &plain));
    seen = atomic_load(&block_of(&owner)->committed);
    CHECK(append(&owner, 1, stack, 5, 5, &plain));
    CHECK(!sigprof__ring_seal_idle(&ring, owner.block - 1, seen));
    CHECK_EQ(state_of(block_of(&owner)), RING_SEALED);
    samples_stack_free(stack);
    end();
}

/* Thread 1 sleeps; its block is sealed, freed, and thread 2's; 1 wakes. */
static void a_stale_owner_cannot_enter_its_block_s_next_life(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner sleeper = {0}, next = {0};
    struct ring_block *block;
    uint32_t index, committed;

    begin();
    CHECK(append(&sleeper, 1, stack, 5, 0, &plain));
    index = sleeper.block - 1;
    block = block_of(&sleeper);
    committed = atomic_load(&block->committed);
    CHECK(sigprof__ring_seal_idle(&ring, index, committed));
    sigprof__ring_free(&ring, index);
    CHECK_EQ(state_of(block), RING_FREE);
    CHECK(append(&next, 2, stack, 7, 0, &plain));
    CHECK_EQ(next.block - 1, index);
    CHECK_EQ(ring_life(atomic_load(&block->word)), 2);
    committed = atomic_load(&block->committed);
    CHECK(append(&sleeper, 1, stack, 5, 5, &plain));
    CHECK(sleeper.block != next.block);
    CHECK_EQ(atomic_load(&block->committed), committed);
    CHECK_EQ(block->tid, 2);
    samples_stack_free(stack);
    end();
}

static void a_full_ring_takes_no_more_and_the_loss_is_counted(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner[9] = {{0}};
    struct ring_head *head;

    begin();
    head = ring.head;
    for (unsigned i = 0; i < 8; i++)
        CHECK(append(&owner[i], (int)i, stack, 5, 0, &plain));
    CHECK_EQ(sigprof__ring_free_blocks(&ring), 0);
    CHECK(!append(&owner[8], 8, stack, 5, 0, &plain));
    CHECK_EQ(owner[8].block, 0);
    sigprof__ring_count_drop(&ring, RING_DROP_FULL, 4, 1500);
    sigprof__ring_count_drop(&ring, RING_DROP_FULL, 2, 1900);
    sigprof__ring_count_drop(&ring, RING_DROP_SLOT, 1, 2500);
    CHECK_EQ(atomic_load(&head->dropped[RING_DROP_FULL]), 6);
    CHECK_EQ(atomic_load(&head->dropped[RING_DROP_BUSY]), 0);
    CHECK_EQ(atomic_load(&head->dropped[RING_DROP_SLOT]), 1);
    CHECK_EQ(atomic_load(&head->first_drop_ns), 500);
    CHECK_EQ(atomic_load(&head->last_drop_ns), 1500);
    /* Those that own a block go on. */
    CHECK(append(&owner[3], 3, stack, 5, 0, &plain));
    /* One block comes free, and the one that was refused has it. */
    sigprof__ring_release(&ring, &owner[5]);
    CHECK_EQ(owner[5].block, 0);
    CHECK_EQ(state_of(ring_block(&ring, 5)), RING_SEALED);
    CHECK(!append(&owner[8], 8, stack, 5, 0, &plain));
    sigprof__ring_free(&ring, 5);
    CHECK(append(&owner[8], 8, stack, 5, 0, &plain));
    CHECK_EQ(owner[8].block - 1, 5);
    samples_stack_free(stack);
    end();
}

static void blocks_in_every_word_of_the_map_are_found(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};

    samples_ring(&ring, 8192 * 200, DEPTH);
    CHECK_EQ(ring.blocks, 200);
    open_all();
    for (unsigned i = 0; i < 200; i++) {
        owner.block = 0; /* its block stays owned, by nobody */
        owner.hint = i * 7;
        CHECK(append(&owner, 1, stack, 5, 0, &plain));
    }
    owner.block = 0;
    CHECK(!append(&owner, 1, stack, 5, 0, &plain));
    CHECK_EQ(sigprof__ring_free_blocks(&ring), 0);
    samples_stack_free(stack);
    end();
}

static void blocks_get_their_memory_as_they_are_wanted(void)
{
    samples_ring(&ring, 8192 * 100, DEPTH);
    CHECK_EQ(sigprof__ring_free_blocks(&ring), 0);
    sigprof__ring_open_blocks(&ring, 8);
    CHECK_EQ(sigprof__ring_free_blocks(&ring), 8);
    sigprof__ring_open_blocks(&ring, 8);
    CHECK_EQ(sigprof__ring_free_blocks(&ring), 8);
    sigprof__ring_open_blocks(&ring, 90);
    CHECK_EQ(sigprof__ring_opened(&ring), 98);
    sigprof__ring_open_blocks(&ring, 1000);
    CHECK_EQ(sigprof__ring_free_blocks(&ring), 100);
    end();
}

/* No descriptor is left for a moment, or no memory. */
static void blocks_that_could_not_be_had_are_asked_for_again(void)
{
    char moved[sizeof ring.path + 8];

    samples_ring(&ring, 64 << 10, DEPTH);
    snprintf(moved, sizeof moved, "%s.moved", ring.path);
    CHECK_EQ(rename(ring.path, moved), 0);
    for (unsigned i = 0; i < 10; i++)
        sigprof__ring_open_blocks(&ring, 2);
    CHECK_EQ(sigprof__ring_free_blocks(&ring), 0);
    CHECK_EQ(rename(moved, ring.path), 0);
    open_all();
    end();
}

static void the_deepest_record_fits_twice_into_a_block(void)
{
    const unsigned depths[] = {1, 30, 256, 500, 1024};

    for (unsigned i = 0; i < 5; i++) {
        samples_ring(&ring, 64 << 10, depths[i]);
        CHECK(2 * (24 + 8 * (depths[i] + 8)) <= ring.room);
        CHECK(ring.blocks >= 1);
        end();
    }
}

static void a_dead_process_s_ring_reads_as_it_was_left(void)
{
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {0};
    struct ring other;
    uint8_t left[104];

    begin();
    CHECK(append(&owner, 1, stack, 10, 0, &plain));
    memcpy(left, block_of(&owner)->records, sizeof left);
    CHECK(sigprof__ring_alive(ring.path));
    CHECK_EQ(sigprof__ring_open(&other, ring.path, false), 0);
    CHECK(memcmp(other.head->id, ring.head->id, FORMAT_ID_BYTES) == 0);
    CHECK_EQ(other.blocks, ring.blocks);
    CHECK_EQ(atomic_load(&ring_block(&other, owner.block - 1)->committed), 104);
    CHECK(memcmp(ring_block(&other, owner.block - 1)->records, left, 104) == 0);
    sigprof__ring_drop(&other, false);
    flock(ring.descriptor, LOCK_UN); /* as the end of a process does */
    sigprof__ring_close(&ring);
    CHECK(!sigprof__ring_alive(ring.path));
    samples_stack_free(stack);
    end();
}

static void what_is_not_a_ring_is_not_opened(void)
{
    struct ring other;
    FILE *file;

    begin();
    CHECK_EQ(sigprof__ring_open(&other, "/dev/shm/no-such-file", false) != 0, 1);
    ring.head->blocks++; /* more than the file has */
    CHECK(sigprof__ring_open(&other, ring.path, false) != 0);
    ring.head->blocks--;
    ring.head->version++;
    CHECK(sigprof__ring_open(&other, ring.path, false) != 0);
    ring.head->version--;
    ring.head->block_bytes = 0;
    CHECK(sigprof__ring_open(&other, ring.path, false) != 0);
    ring.head->block_bytes = 8192;
    CHECK_EQ(sigprof__ring_open(&other, ring.path, false), 0);
    sigprof__ring_drop(&other, false);
    end();
    file = fopen("/dev/shm/sigprof-test-short", "w");
    CHECK(file != NULL);
    fputs("SIGPRING", file);
    fclose(file);
    CHECK(sigprof__ring_open(&other, "/dev/shm/sigprof-test-short", false) != 0);
    unlink("/dev/shm/sigprof-test-short");
}

/* ---- Writers and a drain at once ----------------------------------------- */

#define WRITERS 4
#define EACH 60000

static struct {
    uint64_t put, refused;
} writer_result[WRITERS];
static _Atomic int writers_left;
static uint8_t seen[WRITERS][EACH + 1];

static void *write_many(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    struct unwind_stack *stack = samples_stack(DEPTH);
    struct ring_owner owner = {.hint = me};

    for (uint64_t i = 1; i <= EACH; i++) {
        struct ring_record header = {.weight = 1, .label = me, .time_ns = i};

        while (!append(&owner, (int)me, stack, 4 + i % 20, i % 4, &header)) {
            writer_result[me].refused++;
            sched_yield();
        }
        writer_result[me].put++;
    }
    sigprof__ring_release(&ring, &owner);
    samples_stack_free(stack);
    atomic_fetch_sub(&writers_left, 1);
    return NULL;
}

/* As the drain does: takes what is committed, seals now and then, frees. */
static void drain_once(uint64_t *got, bool seal)
{
    static uint32_t life[8], done[8];

    for (uint32_t i = 0; i < ring.blocks; i++) {
        struct ring_block *block = ring_block(&ring, i);
        uint32_t word = atomic_load(&block->word), committed;

        if (ring_state_of(word) == RING_FREE)
            continue;
        committed = atomic_load(&block->committed);
        if (ring_life(word) != life[i]) {
            life[i] = ring_life(word);
            done[i] = 0;
        }
        while (done[i] < committed) {
            const struct ring_record *record =
                (const void *)(block->records + done[i]);

            CHECK_EQ(record->label, block->tid);
            CHECK(record->time_ns >= 1 && record->time_ns <= EACH);
            CHECK_EQ(seen[record->label][record->time_ns], 0);
            seen[record->label][record->time_ns] = 1;
            got[record->label]++;
            done[i] += 8u * record->words;
        }
        if (seal)
            sigprof__ring_seal_idle(&ring, i, done[i]);
        if (ring_state_of(atomic_load(&block->word)) == RING_SEALED &&
            atomic_load(&block->committed) == done[i])
            sigprof__ring_free(&ring, i);
    }
}

static void writers_and_a_drain_lose_nothing_and_double_nothing(void)
{
    pthread_t thread[WRITERS];
    uint64_t got[WRITERS] = {0};
    unsigned passes = 0;

    begin();
    atomic_store(&writers_left, WRITERS);
    for (unsigned i = 0; i < WRITERS; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, write_many,
                                (void *)(uintptr_t)i),
                 0);
    while (atomic_load(&writers_left))
        drain_once(got, passes++ % 3 == 0);
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(thread[i], NULL);
    drain_once(got, true);
    for (unsigned i = 0; i < WRITERS; i++) {
        CHECK_EQ(got[i], writer_result[i].put);
        CHECK_EQ(got[i], EACH);
        printf("   writer %u was refused %llu times\n", i,
               (unsigned long long)writer_result[i].refused);
    }
    CHECK_EQ(sigprof__ring_free_blocks(&ring), ring.blocks);
    end();
}

int main(void)
{
    RUN(a_record_is_the_words_that_were_put);
    RUN(a_shared_root_is_not_written_twice);
    RUN(a_new_block_begins_with_a_whole_stack);
    RUN(a_block_is_filled_to_its_last_byte);
    RUN(the_drain_takes_an_idle_block_and_its_owner_cannot_enter);
    RUN(a_block_that_is_being_written_is_not_taken);
    RUN(news_since_the_drain_looked_are_told_when_it_seals);
    RUN(a_stale_owner_cannot_enter_its_block_s_next_life);
    RUN(a_full_ring_takes_no_more_and_the_loss_is_counted);
    RUN(blocks_in_every_word_of_the_map_are_found);
    RUN(blocks_get_their_memory_as_they_are_wanted);
    RUN(blocks_that_could_not_be_had_are_asked_for_again);
    RUN(the_deepest_record_fits_twice_into_a_block);
    RUN(a_dead_process_s_ring_reads_as_it_was_left);
    RUN(what_is_not_a_ring_is_not_opened);
    RUN(a_quiet_thread_s_block_goes_when_it_is_the_oldest);
    RUN(what_is_overwritten_is_counted);
    RUN(a_block_that_is_held_or_written_is_not_overwritten);
    RUN(a_large_ring_has_larger_blocks_not_more);
    RUN(writers_and_a_drain_lose_nothing_and_double_nothing);
    return 0;
}
