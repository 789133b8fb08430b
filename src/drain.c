/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drain's thread. Theory: drain.h; from the ring to bytes: encode.h.
 *
 * A pass takes events first and samples after, so a sample's module is in the
 * file before it. Blocks of the ring are freed only when what they held is
 * written; a full disk therefore fills the ring, and then samples are dropped
 * and counted.
 */
#include "drain.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include "encode.h"
#include "events-log.h"
#include "foreign.h"
#include "header.h"
#include "labels.h"
#include "hooks.h"
#include "modules.h"
#include "sigprof_impl.h"
#include "threads-table.h"

#define PASS_NS 250000000u      /* the tail that a lost ring would cost */
#define PASS_ALONE_NS 50000000u /* threads are found by looking only */
#define PASS_BUSY_NS 50000000u  /* when the ring filled by a quarter meanwhile */
#define SWEEP_NS 1000000000u    /* even if the number of threads is the same */
#define IDLE_PASSES 4u          /* then a thread's block is taken from it */
#define CHILD_DELAY_NS 5000000u /* most forked children execute within it */
#define STACK_BYTES (1u << 20) /* the C library takes static TLS out of it */
#define EVENT_CHUNK (16u << 10)

/* Fixed while the drain runs, or its own. */
static struct {
    pthread_t thread;
    bool running;
    bool forked; /* the file is still to be created */
    struct profile_name name;
    char comm[64];
    struct profile_file file;
    struct encoder encoder;
    bool have_encoder;
    int lock_descriptor;
    bool private_descriptors;
    uint64_t events_taken; /* from the log; may not be in the file yet */
    uint64_t last_sweep_ns;
    uint64_t last_sheet_ns;
    uint64_t cpu_before_ns; /* of drains of this session that have ended */
    unsigned threads_seen;
    bool retired; /* the thread is gone; what is left is done by a stop */
} drain;

static _Atomic int drain_tid;

/* drain_lock */
static pthread_mutex_t drain_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t drain_wake;
static pthread_cond_t drain_done;
static struct {
    uint64_t asked, served; /* passes that callers wait for */
    bool hurry;
    bool stop;
    bool retire; /* with stop: the session goes on without the thread */
    bool remove_if_empty;
    bool failed; /* of the last pass */
    bool ready;  /* the thread has opened what it needs */
} request;

void sigprof__drain_lock(void)
{
    pthread_mutex_lock(&drain_lock);
}

void sigprof__drain_unlock(void)
{
    pthread_mutex_unlock(&drain_lock);
}

int sigprof__drain_tid(void)
{
    return atomic_load(&drain_tid);
}

uint64_t sigprof__drain_cpu_ns(void)
{
    uint64_t ns = 0;
    int tid = atomic_load(&drain_tid);

    if (tid)
        sigprof__os_thread_cpu_ns(tid, &ns);
    return drain.cpu_before_ns + ns;
}

const char *sigprof__drain_path(void)
{
    return drain.file.path;
}

static bool sink(void *arg, const uint8_t *bytes, size_t size)
{
    (void)arg;
    return drain.file.descriptor >= 0 &&
           sigprof__profile_write(&drain.file, bytes, size);
}

/* ---- The file ---------------------------------------------------------- */

static bool write_header(void)
{
    uint8_t start[FORMAT_FILE_HEADER_BYTES];
    uint8_t *records = drain.encoder.samples_buffer; /* not in use yet */
    size_t size;

    sigprof__format_file_header(start);
    size = sigprof__header_records(records, ENCODE_SAMPLES_BYTES);
    return size && sigprof__profile_write(&drain.file, start, sizeof start) &&
           sigprof__encode_records(&drain.encoder, records, size) &&
           sigprof__encode_flush(&drain.encoder);
}

static int create_file(void)
{
    int error = sigprof__profile_create(&drain.file, &drain.name);

    if (error)
        return error;
    if (!write_header()) {
        sigprof__profile_remove(&drain.file);
        return ENOSPC;
    }
    snprintf(sigprof__state.ring.head->profile,
             sizeof sigprof__state.ring.head->profile, "%s", drain.file.path);
    return 0;
}

/* ---- A pass ------------------------------------------------------------ */

static bool take_events(void)
{
    struct ring *ring = &sigprof__state.ring;
    uint8_t chunk[EVENT_CHUNK];

    for (;;) {
        uint64_t in = atomic_load_explicit(&ring->head->events_in,
                                           memory_order_acquire);
        uint64_t from = drain.events_taken;
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
        if (!sigprof__encode_records(&drain.encoder, chunk, size))
            return false;
        drain.events_taken += size;
    }
}

/* What is in the file may be overwritten in the log. */
static void events_are_written(void)
{
    atomic_store_explicit(&sigprof__state.ring.head->events_out,
                          drain.events_taken, memory_order_release);
}

bool sigprof__drain_is_stuck(void)
{
    bool stuck;

    sigprof__drain_lock();
    stuck = request.failed || !drain.running;
    sigprof__drain_unlock();
    return stuck;
}

bool sigprof__drain_events_from_drain(void)
{
    if (sigprof__os_tid() != atomic_load(&drain_tid))
        return false;
    if (take_events() && sigprof__encode_flush(&drain.encoder))
        events_are_written();
    return true;
}

static bool take_blocks(void)
{
    const struct ring *ring = &sigprof__state.ring;
    uint32_t opened = atomic_load(&ring->opened);

    for (uint32_t i = 0; i < opened && i < ring->blocks; i++) {
        struct encode_cursor *cursor = &drain.encoder.cursor[i];
        uint32_t before = cursor->done;
        uint32_t word = atomic_load(&ring_block(ring, i)->word);

        if (ring_state_of(word) == RING_FREE)
            continue;
        if (!sigprof__encode_ring_block(&drain.encoder, i))
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
        struct encode_cursor *cursor = &drain.encoder.cursor[i];
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
    if (now_ns - drain.last_sweep_ns < SWEEP_NS &&
        sigprof__os_thread_count(&threads) == 0 &&
        threads == drain.threads_seen)
        return;
    drain.threads_seen = threads;
    drain.last_sweep_ns = now_ns;
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
    return sigprof__encode_records(&drain.encoder, record,
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
    return sigprof__encode_records(&drain.encoder, record,
                                   (size_t)(out.at - record));
}

/* Returns false when the file could not take all of it. */
static bool pass(bool last)
{
    struct ring *ring = &sigprof__state.ring;
    uint64_t now_ns = sigprof__os_now_ns();
    uint64_t samples = drain.encoder.samples;
    uint32_t free_before = sigprof__ring_free_blocks(ring);
    bool good;

    if (!last)
        look_around(now_ns);
    good = take_events() && take_blocks();
    if (good && (last || (drain.encoder.samples != samples &&
                          now_ns - drain.last_sheet_ns >= SWEEP_NS))) {
        good = put_sheet();
        drain.last_sheet_ns = now_ns;
    }
    if (good && last)
        good = put_end();
    good = good && sigprof__encode_flush(&drain.encoder);
    if (good) {
        events_are_written();
        free_blocks(free_before < RING_SPARE_BLOCKS);
    }
    sigprof__threads_resolve_stacks();
    sigprof__ring_open_blocks(ring, RING_SPARE_BLOCKS);
    return good;
}

/* ---- The thread -------------------------------------------------------- */

static struct timespec after_ns(uint64_t ns)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    ns += (uint64_t)at.tv_nsec;
    at.tv_sec += (time_t)(ns / 1000000000u);
    at.tv_nsec = (long)(ns % 1000000000u);
    return at;
}

/* Waits for work; with drain_lock. Returns how many passes were asked for. */
static uint64_t wait_for_work(uint64_t ns)
{
    struct timespec until = after_ns(ns);

    while (!request.stop && !request.hurry && request.asked == request.served &&
           pthread_cond_timedwait(&drain_wake, &drain_lock, &until) == 0)
        ;
    request.hurry = false;
    return request.asked;
}

/* The lock tells everybody that the ring's process lives. */
static int lock_ring(void)
{
    int descriptor = open(sigprof__state.ring.path,
                          O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (descriptor >= 0)
        flock(descriptor, LOCK_SH);
    return descriptor;
}

static void open_own_descriptors(void)
{
    bool was_open = drain.file.descriptor >= 0;

    drain.private_descriptors = sigprof__os_private_descriptors() == 0;
    if (drain.private_descriptors) {
        drain.file.descriptor = -1;
        if (was_open)
            sigprof__profile_reopen(&drain.file);
    }
    drain.lock_descriptor = lock_ring();
}

static uint64_t next_wait_ns(uint32_t free_before)
{
    const struct ring *ring = &sigprof__state.ring;
    uint32_t opened = atomic_load(&ring->opened);

    if (free_before < opened - opened / 4)
        return PASS_BUSY_NS;
    return sigprof__threads_are_told() ? PASS_NS : PASS_ALONE_NS;
}

static void serve(uint64_t asked, bool good)
{
    sigprof__drain_lock();
    request.served = asked;
    request.failed = !good;
    pthread_cond_broadcast(&drain_done);
    sigprof__drain_unlock();
}

/* A file without a sample says nothing that its process's next file does not. */
static void finish(void)
{
    bool good = true;
    bool remove = request.remove_if_empty && drain.encoder.samples == 0 &&
                  sigprof__state.ring.head->profile[0] == '\0';

    if (!remove && drain.file.descriptor < 0 && drain.forked)
        create_file();
    if (!remove)
        good = pass(true);
    if (good && request.remove_if_empty && drain.encoder.samples == 0 &&
        drain.file.descriptor >= 0)
        sigprof__profile_remove(&drain.file);
    request.failed = !good;
    sigprof__profile_close(&drain.file);
    if (drain.lock_descriptor >= 0)
        close(drain.lock_descriptor);
}

/* One last pass, and the descriptors of this thread's own go with it. */
static void retire(void)
{
    if (drain.file.descriptor < 0 && drain.forked)
        create_file();
    pass(false);
    sigprof__profile_close(&drain.file);
    close(drain.lock_descriptor);
}

static void end_thread(void)
{
    if (request.retire)
        retire();
    else
        finish();
    drain.cpu_before_ns = sigprof__drain_cpu_ns();
    atomic_store(&drain_tid, 0);
}

static void *run(void *arg)
{
    uint64_t wait_ns = drain.forked ? CHILD_DELAY_NS
                       : sigprof__threads_are_told() ? PASS_NS
                                      : PASS_ALONE_NS;

    (void)arg;
    open_own_descriptors();
    atomic_store(&drain_tid, sigprof__os_tid());
    sigprof__drain_lock();
    request.ready = true;
    pthread_cond_broadcast(&drain_done);
    for (;;) {
        uint64_t asked = wait_for_work(wait_ns);

        if (request.stop)
            break;
        sigprof__drain_unlock();
        uint32_t free_before =
            sigprof__ring_free_blocks(&sigprof__state.ring);
        if (drain.file.descriptor < 0 && drain.forked)
            create_file();
        serve(asked, pass(false));
        wait_ns = next_wait_ns(free_before);
        sigprof__drain_lock();
    }
    sigprof__drain_unlock();
    end_thread();
    return NULL;
}

/* With every signal blocked, which a new thread inherits. */
static int spawn(void)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int error;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&drain.thread, &attributes, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static void make_conditions(void)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&drain_wake, &attributes);
    pthread_cond_init(&drain_done, &attributes);
    pthread_condattr_destroy(&attributes);
}

int sigprof__drain_start(const struct profile_name *name, bool forked)
{
    int error = 0, ours;

    memset(&drain, 0, sizeof drain);
    memset(&request, 0, sizeof request);
    drain.file.descriptor = -1;
    drain.lock_descriptor = -1;
    drain.forked = forked;
    snprintf(drain.comm, sizeof drain.comm, "%s", name->comm);
    drain.name = *name;
    drain.name.comm = drain.comm;
    if (!sigprof__encode_make(&drain.encoder, &sigprof__state.ring,
                              sigprof__session.id,
                              sigprof__session.start_mono_ns))
        return SIGPROF_ENOMEM;
    drain.encoder.sink = sink;
    make_conditions();
    if (!forked)
        error = create_file();
    if (error) {
        sigprof__encode_drop(&drain.encoder);
        errno = error;
        return SIGPROF_EFILE;
    }
    ours = drain.file.descriptor;
    drain.running = spawn() == 0;
    if (!drain.running) {
        sigprof__profile_remove(&drain.file);
        sigprof__encode_drop(&drain.encoder);
        return SIGPROF_ETHREAD;
    }
    sigprof__drain_lock();
    while (!request.ready)
        pthread_cond_wait(&drain_done, &drain_lock);
    sigprof__drain_unlock();
    sigprof__ring_close(&sigprof__state.ring);
    if (drain.private_descriptors && ours >= 0)
        close(ours);
    return 0;
}

int sigprof__drain_flush(void)
{
    uint64_t mine;
    bool failed;

    if (!drain.running)
        return SIGPROF_EOFF;
    if (drain.retired)
        return SIGPROF_ETHREAD;
    sigprof__drain_lock();
    mine = ++request.asked;
    pthread_cond_signal(&drain_wake);
    while (request.served < mine)
        pthread_cond_wait(&drain_done, &drain_lock);
    failed = request.failed;
    sigprof__drain_unlock();
    return failed ? SIGPROF_EFILE : 0;
}

/* Until the stop the lock is held by a descriptor that the program could see. */
void sigprof__drain_retire(void)
{
    int lock;

    if (!drain.running || drain.retired)
        return;
    sigprof__drain_lock();
    request.stop = true;
    request.retire = true;
    pthread_cond_signal(&drain_wake);
    sigprof__drain_unlock();
    lock = lock_ring();
    pthread_join(drain.thread, NULL);
    drain.retired = true;
    drain.lock_descriptor = lock;
}

int sigprof__drain_stop(bool remove_if_empty)
{
    if (!drain.running)
        return SIGPROF_EOFF;
    sigprof__drain_lock();
    request.stop = true;
    request.remove_if_empty = remove_if_empty;
    pthread_cond_signal(&drain_wake);
    sigprof__drain_unlock();
    if (drain.retired) {
        sigprof__profile_reopen(&drain.file);
        finish();
    } else {
        pthread_join(drain.thread, NULL);
    }
    drain.running = false;
    sigprof__encode_drop(&drain.encoder);
    return request.failed ? SIGPROF_EFILE : 0;
}

void sigprof__drain_hurry(void)
{
    if (sigprof__os_tid() == atomic_load(&drain_tid))
        return;
    sigprof__drain_lock();
    request.hurry = true;
    if (drain.running)
        pthread_cond_signal(&drain_wake);
    sigprof__drain_unlock();
}

/* The encoder's memory came along; the thread and its waiters did not. */
void sigprof__drain_after_fork(void)
{
    drain.running = false;
    atomic_store(&drain_tid, 0);
    sigprof__encode_drop(&drain.encoder);
    if (!drain.private_descriptors)
        sigprof__profile_close(&drain.file); /* the child's copy of it */
    if ((!drain.private_descriptors || drain.retired) &&
        drain.lock_descriptor >= 0)
        close(drain.lock_descriptor); /* or a dead parent's ring looks alive */
}

bool sigprof__own_thread(void *(*start)(void *))
{
    return start == run;
}
