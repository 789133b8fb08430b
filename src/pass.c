/* SPDX-License-Identifier: BSD-2-Clause */
/* Passes. Theory and contracts: pass.h; from the ring to bytes: encode.h. */
#include "pass.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "encode.h"
#include "foreign.h"
#include "header.h"
#include "modules.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "threads-table.h"

#define SWEEP_NS 1000000000u /* even if the number of threads is the same */
#define IDLE_PASSES 4u       /* then a thread's block is taken from it */
#define EVENT_CHUNK (16u << 10)

static struct {
    struct profile_name name;
    char comm[64];
    struct profile_file file;
    struct encoder encoder;
    uint64_t events_taken; /* from the log; may not be in the file yet */
    uint64_t last_sweep_ns;
    uint64_t last_sheet_ns;
    unsigned threads_seen;
} pass;

struct profile_file *sigprof__pass_file(void)
{
    return &pass.file;
}

uint64_t sigprof__pass_samples(void)
{
    return pass.encoder.samples;
}

/* The file's header goes with the first block, so that no file is without one. */
static bool sink(void *arg, uint8_t *bytes, size_t size)
{
    (void)arg;
    if (pass.file.good == 0) {
        bytes -= FORMAT_FILE_HEADER_BYTES;
        size += FORMAT_FILE_HEADER_BYTES;
        sigprof__format_file_header(bytes);
    }
    return pass.file.descriptor >= 0 &&
           sigprof__profile_write(&pass.file, bytes, size);
}

/* ---- The file ---------------------------------------------------------- */

static bool write_header(void)
{
    uint8_t *records = pass.encoder.samples_buffer; /* not in use yet */
    size_t size;

    size = sigprof__header_records(records, ENCODE_SAMPLES_BYTES);
    return size && sigprof__encode_records(&pass.encoder, records, size) &&
           sigprof__encode_flush(&pass.encoder);
}

int sigprof__pass_create(void)
{
    int error = sigprof__profile_create(&pass.file, &pass.name);

    if (error)
        return error;
    if (!write_header()) {
        sigprof__profile_remove(&pass.file);
        return ENOSPC;
    }
    snprintf(sigprof__state.ring.head->profile,
             sizeof sigprof__state.ring.head->profile, "%s", pass.file.path);
    return 0;
}

bool sigprof__pass_begin(const struct profile_name *name)
{
    memset(&pass, 0, sizeof pass);
    pass.file.descriptor = -1;
    snprintf(pass.comm, sizeof pass.comm, "%s", name->comm);
    pass.name = *name;
    pass.name.comm = pass.comm;
    if (!sigprof__encode_make(&pass.encoder, &sigprof__state.ring,
                              sigprof__session.id,
                              sigprof__session.start_mono_ns))
        return false;
    pass.encoder.sink = sink;
    return true;
}

void sigprof__pass_end(void)
{
    sigprof__encode_drop(&pass.encoder);
}

/* ---- A pass ------------------------------------------------------------ */

static bool take_events(void)
{
    struct ring *ring = &sigprof__state.ring;
    uint8_t chunk[EVENT_CHUNK];

    for (;;) {
        uint64_t in = atomic_load_explicit(&ring->head->events_in,
                                           memory_order_acquire);
        uint64_t from = pass.events_taken;
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

static bool take_blocks(void)
{
    const struct ring *ring = &sigprof__state.ring;
    uint32_t opened = atomic_load(&ring->opened);

    for (uint32_t i = 0; i < opened && i < ring->blocks; i++) {
        struct encode_cursor *cursor = &pass.encoder.cursor[i];
        uint32_t before = cursor->done;
        uint32_t word = atomic_load(&ring_block(ring, i)->word);

        if (ring_state_of(word) == RING_FREE)
            continue;
        if (!sigprof__encode_ring_block(&pass.encoder, i))
            return false;
        cursor->idle = cursor->done == before ? cursor->idle + 1 : 0;
    }
    return true;
}

/* Called when everything taken so far is in the file. */
static void free_blocks(bool scarce)
{
    struct ring *ring = &sigprof__state.ring;
    uint32_t opened = atomic_load(&ring->opened);

    for (uint32_t i = 0; i < opened && i < ring->blocks; i++) {
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

/* Threads and modules that came without a word. */
static void look_around(uint64_t now_ns)
{
    unsigned threads = 0;

    if (atomic_load(&sigprof__state.phase) == PHASE_OFF)
        return;
    sigprof__handler_check();
    sigprof__modules_refresh();
    sigprof__threads_improve();
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
}

static bool put_sheet(void)
{
    struct sigprof__sheet_line lines[SHEET_LINES];
    uint8_t record[1024], body[1000];
    struct format_out out = {record, record + sizeof record, false};
    struct format_out in = {body, body + sizeof body, false};
    unsigned count = sigprof__sheet_lines(lines);

    sigprof__put_varint(&in, sigprof__os_now_ns() -
                                 sigprof__session.start_mono_ns);
    sigprof__put_varint(&in, count);
    for (unsigned i = 0; i < count; i++) {
        sigprof__put_string(&in, lines[i].name, strlen(lines[i].name));
        sigprof__put_svarint(&in, lines[i].value);
    }
    sigprof__put_varint(&out, FORMAT_SHEET);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
    return sigprof__encode_records(&pass.encoder, record,
                                   (size_t)(out.at - record));
}

static bool put_end(void)
{
    uint8_t record[16], body[10];
    struct format_out out = {record, record + sizeof record, false};
    struct format_out in = {body, body + sizeof body, false};

    sigprof__put_varint(&in, sigprof__os_now_ns() -
                                 sigprof__session.start_mono_ns);
    sigprof__put_varint(&out, FORMAT_END);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
    return sigprof__encode_records(&pass.encoder, record,
                                   (size_t)(out.at - record));
}

/* Returns false when the file could not take all of it. */
bool sigprof__pass(enum pass_kind kind)
{
    struct ring *ring = &sigprof__state.ring;
    uint64_t now_ns = sigprof__os_now_ns();
    uint64_t samples = pass.encoder.samples;
    uint32_t free_before = sigprof__ring_free_blocks(ring);
    bool last = kind == PASS_LAST, good;

    if (!last)
        look_around(now_ns);
    good = take_events() && take_blocks();
    if (good && (last || (pass.encoder.samples != samples &&
                          now_ns - pass.last_sheet_ns >= SWEEP_NS))) {
        good = put_sheet();
        pass.last_sheet_ns = now_ns;
    }
    if (good && last)
        good = put_end();
    good = good && sigprof__encode_flush(&pass.encoder);
    if (good) {
        events_are_written();
        free_blocks(free_before < RING_SPARE_BLOCKS);
    }
    sigprof__threads_resolve_stacks();
    sigprof__ring_open_blocks(ring, RING_SPARE_BLOCKS);
    return good;
}
