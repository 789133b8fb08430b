/* SPDX-License-Identifier: BSD-2-Clause */
/* Passes. Theory and contracts: pass.h; from the ring to bytes: encode.h. */
#include "pass.h"

#include <sched.h>
#include <string.h>

#include "clock/clock.h"
#include "encode.h"
#include "foreign.h"
#include "jit/code.h"
#include "jit/files.h"
#include "jit/functions.h"
#include "modules.h"
#include "os/os.h"
#include "parts.h"
#include "sigprof_impl.h"
#include "threads-table.h"

#define SWEEP_NS 1000000000u /* even if the number of threads is the same */
#define SEARCH_MOST_NS 60000000000u /* for files of code, if none is found */
#define IDLE_PASSES 4u       /* then a thread's block is taken from it */
#define EVENT_CHUNK (16u << 10)
#define HELD_MAX 16u     /* blocks kept from a flight recorder's handlers */
#define HOLD_TRIES 1000u /* to find a block without a handler in it */

static struct {
    struct encoder encoder;
    uint64_t events_taken; /* from the log; may not be in the file yet */
    uint64_t last_began_ns; /* the last pass that took all there was */
    uint64_t last_sweep_ns;
    uint64_t last_sheet_ns;
    uint64_t dropped_seen; /* periods that found no block */
    unsigned threads_seen;
    uint64_t next_search_ns; /* for files of code */
    uint64_t search_every_ns;
} pass;

uint64_t sigprof__pass_samples(void)
{
    return pass.encoder.samples;
}

int sigprof__pass_create(void)
{
    return sigprof__parts_first(&pass.encoder);
}

bool sigprof__pass_begin(const struct profile_name *name)
{
    memset(&pass, 0, sizeof pass);
    sigprof__parts_begin(name);
    if (!sigprof__encode_make(&pass.encoder, &sigprof__state.ring,
                              sigprof__session.id,
                              sigprof__session.start_mono_ns))
        return false;
    pass.encoder.sink = sigprof__parts_sink;
    return true;
}

void sigprof__pass_end(void)
{
    sigprof__parts_end();
    sigprof__encode_drop(&pass.encoder);
}

/* ---- A pass ------------------------------------------------------------ */

/* What ended before the last whole pass began has no samples in the ring. */
static uint64_t ended_before_ns(void)
{
    uint64_t start_ns = sigprof__session.start_mono_ns;

    return pass.last_began_ns > start_ns ? pass.last_began_ns - start_ns : 0;
}

/* A flight recorder's log moves on without us (events.c). */
static uint64_t first_event(void)
{
    uint64_t out = atomic_load(&sigprof__state.ring.head->events_out);

    if (pass.events_taken < out)
        pass.events_taken = out;
    return pass.events_taken;
}

static bool take_events(void)
{
    struct ring *ring = &sigprof__state.ring;
    uint8_t chunk[EVENT_CHUNK];

    for (;;) {
        uint64_t in = atomic_load_explicit(&ring->head->events_in,
                                           memory_order_acquire);
        uint64_t from = first_event();
        size_t size = in - from < sizeof chunk ? (size_t)(in - from)
                                               : sizeof chunk;
        struct format_in records = {chunk, chunk + size, false};
        struct format_in body;
        const uint8_t *whole = chunk;

        if (!size)
            return true;
        sigprof__ring_copy_events(ring, from, chunk, size);
        while (sigprof__get_record(&records, &body))
            whole = records.at;
        if (whole == chunk)
            return true;
        size = (size_t)(whole - chunk);
        if (!sigprof__encode_records(&pass.encoder, chunk, size))
            return false;
        sigprof__parts_told(chunk, size, ended_before_ns());
        pass.events_taken += size;
    }
}

/* What is in the file may be overwritten in the log. */
static void events_are_written(void)
{
    atomic_store_explicit(&sigprof__state.ring.head->events_out,
                          pass.events_taken, memory_order_release);
}

void sigprof__pass_take_events(void)
{
    if (take_events() && sigprof__encode_flush(&pass.encoder))
        events_are_written();
}

/* Samples take long to write; code that is registered meanwhile is to find room. */
static void make_room_for_code(void)
{
    const struct ring_head *head = sigprof__state.ring.head;

    if (atomic_load(&head->events_in) - atomic_load(&head->events_out) >
        head->events_bytes / 4)
        sigprof__pass_take_events();
}

static bool take_blocks(void)
{
    const struct ring *ring = &sigprof__state.ring;
    uint32_t opened = sigprof__ring_opened(ring);

    for (uint32_t i = 0; i < opened; i++) {
        struct encode_cursor *cursor = &pass.encoder.cursor[i];
        uint32_t before = cursor->done;
        uint32_t word = atomic_load(&ring_block(ring, i)->word);

        if (ring_state_of(word) == RING_FREE)
            continue;
        if (!sigprof__encode_ring_block(&pass.encoder, i))
            return false;
        make_room_for_code();
        if (sigprof__parts_is_full())
            sigprof__parts_turn(&pass.encoder, ended_before_ns());
        cursor->idle = cursor->done == before ? cursor->idle + 1 : 0;
    }
    return true;
}

/* Called when everything taken so far is in the file. */
static void free_blocks(bool scarce)
{
    struct ring *ring = &sigprof__state.ring;
    uint32_t opened = sigprof__ring_opened(ring);

    for (uint32_t i = 0; i < opened; i++) {
        struct ring_block *block = ring_block(ring, i);
        struct encode_cursor *cursor = &pass.encoder.cursor[i];
        uint32_t word = atomic_load(&block->word);

        if (cursor->life != ring_life(word))
            continue;
        if (ring_state_of(word) == RING_OWNED &&
            (scarce || cursor->idle >= IDLE_PASSES))
            sigprof__ring_seal_idle(ring, i, cursor->done);
        if (ring_state_of(atomic_load(&block->word)) == RING_SEALED &&
            atomic_load(&block->committed) == cursor->done)
            sigprof__ring_free(ring, i);
    }
}

/* Blocks for the time until the next pass: if those for the last hardly did, twice as
 * many, as far as the ring goes. */
static void open_blocks(uint32_t opened_before, uint32_t free_before)
{
    struct ring *ring = &sigprof__state.ring;
    uint64_t dropped = atomic_load(&ring->head->dropped[RING_DROP_FULL]);
    uint32_t spare = RING_SPARE_BLOCKS;

    if (free_before < opened_before / 4 || dropped != pass.dropped_seen)
        spare += opened_before;
    pass.dropped_seen = dropped;
    sigprof__ring_open_blocks(ring, spare);
}

/* Everything that is held is in the file, or goes back. */
static bool settle_held(const uint32_t *held, unsigned count)
{
    struct ring *ring = &sigprof__state.ring;
    bool good = sigprof__encode_flush(&pass.encoder);

    for (unsigned i = 0; i < count; i++)
        if (good)
            sigprof__ring_free(ring, held[i]);
        else
            sigprof__ring_yield(ring, held[i]);
    return good;
}

/* A handler is in the block, for microseconds unless its thread lost the CPU. */
static bool hold(uint32_t index)
{
    const struct ring_block *block =
        ring_block(&sigprof__state.ring, index);

    for (unsigned i = 0; i < HOLD_TRIES; i++) {
        if (sigprof__ring_hold(&sigprof__state.ring, index))
            return true;
        if (ring_state_of(atomic_load(&block->word)) != RING_WRITING)
            return false;
        sched_yield();
    }
    return false;
}

/* Of a ring that handlers overwrite: a few blocks at a time are kept from them,
 * written, and freed. */
static bool take_flight(void)
{
    struct ring *ring = &sigprof__state.ring;
    uint32_t held[HELD_MAX];
    unsigned count = 0;
    bool good = true;

    for (uint32_t i = 0; good && i < ring->blocks; i++) {
        if (atomic_load(&ring->last_ns[i]) == UINT64_MAX || !hold(i))
            continue;
        held[count++] = i;
        good = sigprof__encode_ring_block(&pass.encoder, i);
        if (good && count < HELD_MAX)
            continue;
        good = settle_held(held, count) && good;
        count = 0;
        if (good && sigprof__parts_is_full())
            sigprof__parts_turn(&pass.encoder, ended_before_ns());
    }
    return settle_held(held, count) && good;
}

/* Threads and modules that came without a word. */
static void look_around(uint64_t now_ns)
{
    unsigned threads = 0;

    if (atomic_load(&sigprof__state.phase) == PHASE_OFF)
        return;
    sigprof__handler_check();
    sigprof__modules_refresh();
    sigprof__threads_weigh();
    sigprof__clock_tell();
    if (now_ns - pass.last_sweep_ns < SWEEP_NS &&
        sigprof__os_thread_count(&threads) == 0 &&
        threads == pass.threads_seen)
        return;
    pass.threads_seen = threads;
    pass.last_sweep_ns = now_ns;
    sigprof__threads_sweep();
    atomic_store(&sigprof__state.may_call_system,
                 !sigprof__os_syscalls_filtered());
    sigprof__modules_idle();
    sigprof__code_idle();
}

/* Most virtual machines map their jitdump early or never, and to look for it is to read
 * the whole list of mappings, which may be long: so that is done less and less often. */
static bool is_time_to_search(uint64_t now_ns)
{
    if (now_ns < pass.next_search_ns)
        return false;
    pass.search_every_ns = pass.search_every_ns == 0 ? SWEEP_NS
                           : pass.search_every_ns < SEARCH_MOST_NS / 2
                               ? 2 * pass.search_every_ns
                               : SEARCH_MOST_NS;
    pass.next_search_ns = now_ns + pass.search_every_ns;
    return true;
}

/* What virtual machines have told of their code meanwhile: before the samples, so
 * that these find their names. */
static void look_at_code(uint64_t now_ns, bool last)
{
    bool search = is_time_to_search(now_ns) || last;

    sigprof__code_files_look(search, make_room_for_code);
}

/* Returns false when the file could not take all of it. */
bool sigprof__pass(enum pass_kind kind)
{
    struct ring *ring = &sigprof__state.ring;
    uint64_t now_ns = sigprof__os_now_ns();
    uint64_t samples = pass.encoder.samples;
    uint32_t opened_before = sigprof__ring_opened(ring);
    uint32_t free_before = sigprof__ring_free_blocks(ring);
    bool last = kind == PASS_LAST, good;

    if (!last)
        look_around(now_ns);
    sigprof__functions_tell(false);
    sigprof__code_catch_up(sigprof__pass_take_events);
    look_at_code(now_ns, last);
    good = take_events() && (ring->last_ns ? take_flight() : take_blocks());
    if (good && (last || (pass.encoder.samples != samples &&
                          now_ns - pass.last_sheet_ns >= SWEEP_NS))) {
        good = sigprof__parts_put_sheet(&pass.encoder);
        pass.last_sheet_ns = now_ns;
    }
    if (good && last)
        good = sigprof__parts_put_end(&pass.encoder);
    good = good && sigprof__encode_flush(&pass.encoder);
    if (good) {
        events_are_written();
        if (!ring->last_ns)
            free_blocks(free_before < RING_SPARE_BLOCKS);
        pass.last_began_ns = now_ns;
    }
    if (good && !last && sigprof__parts_is_old(&pass.encoder))
        sigprof__parts_turn(&pass.encoder, ended_before_ns());
    sigprof__threads_resolve_stacks();
    if (!last)
        open_blocks(opened_before, free_before);
    return good;
}

int sigprof__pass_rotate(void)
{
    if (!sigprof__pass(PASS_ON))
        return SIGPROF_EFILE;
    return sigprof__parts_turn(&pass.encoder, ended_before_ns());
}
