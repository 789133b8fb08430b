/* SPDX-License-Identifier: BSD-2-Clause */
/* The drain's thread, and what callers ask of it. Theory: drain.h. */
#include "drain.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock/sampler.h"
#include "hooks.h"
#include "os/os.h"
#include "parts.h"
#include "pass.h"
#include "sigprof_impl.h"
#include "toggle.h"
#include "threads-table.h"

#define PASS_ALONE_NS 50000000u /* threads are found by looking only */
#define PASS_BUSY_NS 50000000u  /* when the ring filled by a quarter meanwhile */
#define CHILD_DELAY_NS 5000000u /* most forked children execute within it */
#define STACK_BYTES (1u << 20) /* the C library takes static TLS out of it */

/* Fixed while the drain runs, or its own. */
static struct {
    pthread_t thread;
    bool running;    /* there is a session to drain */
    bool has_thread; /* else passes are made by who asks for them */
    bool forked; /* the file is still to be created */
    bool private_descriptors;
    uint64_t cpu_before_ns; /* of drains of this session that have ended */
} drain;

static _Atomic int drain_tid;
static _Atomic bool hurried; /* request.hurry, for who has no lock */

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
    bool rotate; /* with the next pass */
    int turned;  /* what came of it */
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
    return sigprof__parts_file()->path;
}

bool sigprof__drain_is_stuck(void)
{
    bool stuck;

    sigprof__drain_lock();
    stuck = request.failed || !drain.has_thread;
    sigprof__drain_unlock();
    return stuck;
}

/* ---- The thread -------------------------------------------------------- */

/* Waits for work; with drain_lock. Returns how many passes were asked for. */
static uint64_t wait_for_work(uint64_t ns)
{
    uint64_t until_ns = sigprof__os_now_ns() + ns;

    while (!request.stop && !request.hurry && request.asked == request.served &&
           sigprof__os_condition_wait(&drain_wake, &drain_lock, until_ns))
        ;
    request.hurry = false;
    atomic_store(&hurried, false);
    return request.asked;
}

static void open_own_descriptors(void)
{
    struct profile_file *file = sigprof__parts_file();
    bool was_open = file->descriptor >= 0;

    drain.private_descriptors = sigprof__os_private_descriptors() == 0;
    if (drain.private_descriptors) {
        file->descriptor = -1;
        if (was_open)
            sigprof__profile_reopen(file);
    }
}

static uint64_t next_wait_ns(uint32_t free_before)
{
    const struct ring *ring = &sigprof__state.ring;
    uint32_t opened = sigprof__ring_opened(ring);

    if (free_before < opened - opened / 4)
        return PASS_BUSY_NS;
    return sigprof__threads_are_told() ? DRAIN_PASS_NS : PASS_ALONE_NS;
}

/* A forked child's file begins with its first pass. */
static void create_late(void)
{
    if (sigprof__parts_file()->descriptor < 0 && drain.forked)
        sigprof__pass_create();
}

static void serve(uint64_t asked, bool rotate)
{
    int turned = 0;
    bool good;

    create_late();
    if (rotate)
        turned = sigprof__pass_rotate();
    good = rotate ? turned != SIGPROF_EFILE : sigprof__pass(PASS_ON);
    sigprof__drain_lock();
    request.served = asked;
    request.failed = !good;
    if (rotate) /* who asked may look after a later pass */
        request.turned = turned;
    pthread_cond_broadcast(&drain_done);
    sigprof__drain_unlock();
}

/* A file without a sample says nothing that its process's next file does not. */
static void finish(void)
{
    struct profile_file *file = sigprof__parts_file();
    bool empty = request.remove_if_empty && sigprof__pass_samples() == 0;
    bool good = true;

    if (!empty || ring_profile(sigprof__state.ring.head)[0]) {
        create_late();
        good = sigprof__pass(PASS_LAST);
    }
    if (good && request.remove_if_empty && sigprof__pass_samples() == 0 &&
        file->descriptor >= 0)
        sigprof__profile_remove(file);
    request.failed = !good;
    sigprof__profile_close(file);
}

/* One last pass, and the descriptors of this thread's own go with it. */
static void retire(void)
{
    create_late();
    sigprof__pass(PASS_ON);
    sigprof__profile_close(sigprof__parts_file());
}

static void end_thread(void)
{
    if (request.retire)
        retire();
    else
        finish();
    drain.cpu_before_ns = sigprof__drain_cpu_ns();
    /* The system may list a thread that has been joined for a moment yet: the next
     * session is not to take it for the program's. */
    sigprof__thread_gone(sigprof__os_tid(), FORMAT_EXIT_ENDED);
    atomic_store(&drain_tid, 0);
}

static void *run(void *arg)
{
    uint64_t wait_ns = drain.forked ? CHILD_DELAY_NS
                       : sigprof__threads_are_told() ? DRAIN_PASS_NS
                                                     : PASS_ALONE_NS;

    (void)arg;
    open_own_descriptors();
    atomic_store(&drain_tid, sigprof__os_tid());
    sigprof__drain_lock();
    request.ready = true;
    pthread_cond_broadcast(&drain_done);
    for (;;) {
        uint64_t asked = wait_for_work(wait_ns);
        bool rotate = request.rotate;

        if (request.stop)
            break;
        request.rotate = false;
        sigprof__drain_unlock();
        uint32_t free_before =
            sigprof__ring_free_blocks(&sigprof__state.ring);
        serve(asked, rotate);
        wait_ns = next_wait_ns(free_before);
        sigprof__drain_lock();
    }
    sigprof__drain_unlock();
    end_thread();
    return NULL;
}

/* With every signal blocked, which a new thread inherits. */
int sigprof__drain_spawn(pthread_t *thread, void *(*start)(void *))
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int error;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(thread, &attributes, start, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static void make_conditions(void)
{
    sigprof__os_condition_init(&drain_wake);
    sigprof__os_condition_init(&drain_done);
}

static void begin(bool forked)
{
    memset(&drain, 0, sizeof drain);
    memset(&request, 0, sizeof request);
    atomic_store(&hurried, false);
    drain.forked = forked;
    make_conditions();
}

/* The file that was opened here is the thread's now. */
static void wait_until_ready(int opened)
{
    sigprof__drain_lock();
    while (!request.ready)
        pthread_cond_wait(&drain_done, &drain_lock);
    sigprof__drain_unlock();
    if (drain.private_descriptors && opened >= 0)
        close(opened);
}

static int start_thread(void)
{
    int opened = sigprof__parts_file()->descriptor;

    drain.has_thread = sigprof__drain_spawn(&drain.thread, run) == 0;
    if (!drain.has_thread)
        return SIGPROF_ETHREAD;
    wait_until_ready(opened);
    return 0;
}

int sigprof__drain_start(const struct profile_name *name, bool forked,
                         bool threadless)
{
    int error = 0, code = 0;

    begin(forked && !threadless);
    if (!sigprof__pass_begin(name))
        return SIGPROF_ENOMEM;
    if (!drain.forked)
        error = sigprof__pass_create();
    if (error) {
        sigprof__pass_end();
        errno = error;
        return SIGPROF_EFILE;
    }
    if (threadless)
        sigprof__profile_close(sigprof__parts_file());
    else
        code = start_thread();
    if (code) {
        sigprof__profile_remove(sigprof__parts_file());
        sigprof__pass_end();
        return code;
    }
    sigprof__ring_close(&sigprof__state.ring);
    drain.running = true;
    return 0;
}

/* In the caller's thread, with the control lock. */
static int serve_here(bool rotate)
{
    struct profile_file *file = sigprof__parts_file();
    int code = 0;

    if (sigprof__profile_reopen(file) != 0)
        return SIGPROF_EFILE;
    if (rotate)
        code = sigprof__pass_rotate();
    else if (!sigprof__pass(PASS_ON))
        code = SIGPROF_EFILE;
    sigprof__profile_close(file);
    return code;
}

static int ask(bool rotate)
{
    uint64_t mine;
    int code;

    if (!drain.running)
        return SIGPROF_EOFF;
    if (!drain.has_thread)
        return serve_here(rotate);
    sigprof__drain_lock();
    mine = ++request.asked;
    request.rotate = rotate;
    pthread_cond_signal(&drain_wake);
    while (request.served < mine)
        pthread_cond_wait(&drain_done, &drain_lock);
    code = rotate          ? request.turned
           : request.failed ? SIGPROF_EFILE
                            : 0;
    sigprof__drain_unlock();
    return code;
}

int sigprof__drain_flush(void)
{
    return ask(false);
}

int sigprof__drain_rotate(void)
{
    return ask(true);
}

void sigprof__drain_retire(void)
{
    if (!drain.running || !drain.has_thread)
        return;
    sigprof__drain_lock();
    request.stop = true;
    request.retire = true;
    pthread_cond_signal(&drain_wake);
    sigprof__drain_unlock();
    pthread_join(drain.thread, NULL);
    drain.has_thread = false;
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
    if (drain.has_thread) {
        pthread_join(drain.thread, NULL);
    } else {
        sigprof__profile_reopen(sigprof__parts_file());
        finish();
    }
    drain.running = false;
    sigprof__pass_end();
    return request.failed ? SIGPROF_EFILE : 0;
}

void sigprof__drain_hurry(void)
{
    if (atomic_load_explicit(&hurried, memory_order_relaxed) ||
        sigprof__os_tid() == atomic_load(&drain_tid))
        return;
    sigprof__drain_lock();
    atomic_store(&hurried, true);
    request.hurry = true;
    if (drain.has_thread)
        pthread_cond_signal(&drain_wake);
    sigprof__drain_unlock();
}

/* The encoder's memory came along; the thread and its waiters did not. */
void sigprof__drain_after_fork(void)
{
    drain.running = false;
    atomic_store(&drain_tid, 0);
    sigprof__pass_end();
    if (!drain.private_descriptors)
        sigprof__profile_close(sigprof__parts_file()); /* the child's copy of it */
}

bool sigprof__drain_events_from_drain(void)
{
    if (sigprof__os_tid() != atomic_load(&drain_tid))
        return false;
    sigprof__pass_take_events();
    return true;
}

bool sigprof__own_thread(void *(*start)(void *))
{
    return start == run || sigprof__sampler_is_start(start) ||
           sigprof__toggle_is_start(start);
}
