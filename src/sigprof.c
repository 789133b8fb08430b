/* SPDX-License-Identifier: BSD-2-Clause */
/* Public entry points: check arguments, take the lock, change state. */
#include "sigprof/sigprof.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "children.h"
#include "clock/clock.h"
#include "drain.h"
#include "environment.h"
#include "events-log.h"
#include "foreign.h"
#include "guard.h"
#include "header.h"
#include "hooks.h"
#include "jit/code.h"
#include "jit/functions.h"
#include "jit/untold.h"
#include "labels.h"
#include "modules.h"
#include "probes.h"
#include "sigprof_impl.h"
#include "threads-table.h"
#include "toggle.h"

#define SYNCHRONIZE_MS 1000 /* a handler's thread may have lost its CPU */

struct sigprof__session sigprof__session;

static pthread_mutex_t control_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigprof_stats last_stats; /* of the run that ended */
static bool have_last_stats;

void sigprof__control_lock(void)
{
    pthread_mutex_lock(&control_lock);
}

bool sigprof__control_try_lock(void)
{
    return pthread_mutex_trylock(&control_lock) == 0;
}

void sigprof__control_unlock(void)
{
    pthread_mutex_unlock(&control_lock);
}

static int phase(void)
{
    return atomic_load(&sigprof__state.phase);
}

static unwind_engine *engine_of(unsigned unwind)
{
    switch (unwind) {
    case SIGPROF_UNWIND_FP:
        return sigprof__unwind_fp;
    case SIGPROF_UNWIND_LIBUNWIND:
        return sigprof__unwind_libunwind;
    default:
        return sigprof__unwind_cfi;
    }
}

/* ---- Start ------------------------------------------------------------- */

static void begin_session(const struct sigprof__config *config, bool forked)
{
    struct sigprof__session *session = &sigprof__session;
    struct timespec real;
    char id[33];

    memset(session, 0, sizeof *session);
    session->config = *config;
    session->forked = forked;
    session->pid = getpid();
    sigprof__os_random(session->id, sizeof session->id);
    clock_gettime(CLOCK_REALTIME, &real);
    session->start_real_ns =
        (uint64_t)real.tv_sec * 1000000000u + (uint64_t)real.tv_nsec;
    session->start_mono_ns = sigprof__os_now_ns();
    session->cpu_at_start_ns = sigprof__os_process_cpu_ns();
    sigprof__state.period_ns = 1000000000u / config->hz;
    atomic_store(&sigprof__state.clock,
                 sigprof__clock_first((int)config->clock));
    session->clock_note = sigprof__clock_first_note((int)config->clock);
    atomic_store(&sigprof__state.may_call_system,
                 !sigprof__os_syscalls_filtered());
    sigprof__id_text(session->id, id);
    sigprof__environment_mark(id, session->pid);
}

/* What a thread leaves before the drain comes: samples of a quarter of the depth each,
 * since they share frames. A forked child's drain comes at once, if it lives that long. */
static uint32_t first_blocks(const struct sigprof__config *config)
{
    uint64_t samples = DRAIN_PASS_NS / sigprof__state.period_ns;
    uint64_t bytes = sizeof(struct ring_record) + config->depth / 4 * 8;
    uint64_t blocks = samples * bytes / sigprof__state.ring.block_bytes;

    return blocks < RING_SPARE_BLOCKS || sigprof__session.forked
               ? RING_SPARE_BLOCKS
               : (uint32_t)blocks;
}

static int make_ring(const struct sigprof__config *config)
{
    struct ring_head facts;
    int code;

    memset(&facts, 0, sizeof facts);
    memcpy(facts.id, sigprof__session.id, sizeof facts.id);
    facts.pid = (uint64_t)sigprof__session.pid;
    facts.start_mono_ns = sigprof__session.start_mono_ns;
    facts.period_ns = sigprof__state.period_ns;
    facts.overwrites = config->mode == SIGPROF_MODE_FLIGHT;
    code = sigprof__ring_make(&sigprof__state.ring, config->ring_bytes,
                              config->depth, &facts);
    if (code == 0)
        sigprof__ring_open_blocks(&sigprof__state.ring,
                                  facts.overwrites ? sigprof__state.ring.blocks
                                                   : first_blocks(config));
    return code;
}

static int start_drain(bool forked)
{
    struct os_identity who;
    struct profile_name name = {
        .pattern = sigprof__session.config.out,
        .comm = who.comm,
        .start_real_ns = (int64_t)sigprof__session.start_real_ns,
        .of_tree = forked || sigprof__of_tree()};

    sigprof__os_identity(&who);
    return sigprof__drain_start(&name, forked,
                                sigprof__session.config.mode ==
                                    SIGPROF_MODE_FLIGHT);
}

/* The first thread shows whether the clock can be had at all. */
static int start_clock(const struct sigprof__config *config)
{
    unsigned threads;
    int code;

    if (config->paused) {
        atomic_store(&sigprof__state.phase, PHASE_PAUSED);
        sigprof__session.paused_at_ns = sigprof__session.cpu_at_start_ns;
    } else {
        code = sigprof__threads_arm();
        if (code)
            return code;
    }
    sigprof__thread_begin_self(0, NULL);
    if (sigprof__os_thread_count(&threads) != 0 || threads > 1)
        sigprof__threads_sweep();
    return 0;
}

/* What can fail, in order; what was begun is undone in the reverse one. */
static int start_parts(const struct sigprof__config *config, bool forked)
{
    int code = sigprof__threads_begin(config->depth);

    if (!code)
        code = make_ring(config);
    if (code)
        return code;
    if (config->unwind == SIGPROF_UNWIND_LIBUNWIND)
        code = sigprof__unwind_libunwind_load();
    sigprof__state.unwind = engine_of(config->unwind);
    if (!code)
        code = start_drain(forked);
    if (code) {
        sigprof__ring_drop(&sigprof__state.ring, true);
        return code;
    }
    sigprof__modules_repeat();
    sigprof__modules_refresh();
    sigprof__labels_repeat();
    sigprof__code_repeat();
    sigprof__functions_tell(true);
    code = config->host_handles ? sigprof__handler_is_hosts()
                                : sigprof__handler_install();
    if (!code)
        code = start_clock(config);
    if (!code && config->toggle)
        code = sigprof__toggle_begin(config->toggle);
    return code;
}

static int stop_parts(bool remove_if_empty);

int sigprof__start(const struct sigprof__config *config, bool forked)
{
    int code;

    if (phase() != PHASE_OFF)
        return SIGPROF_EBUSY;
    sigprof__children_begin();
    if (!forked)
        sigprof__children_look();
    sigprof__os_barrier_begin();
    begin_session(config, forked);
    code = start_parts(config, forked);
    if (code && sigprof__state.ring.head)
        stop_parts(true);
    if (!code)
        PROBE_START(config->hz, (int)getpid());
    return code;
}

/* ---- Stop -------------------------------------------------------------- */

/* Threads that are being born or told of at this moment see it or do not, but
 * never half of it. */
static void drop_ring(bool quiet, bool remove)
{
    struct ring *ring = &sigprof__state.ring;

    sigprof__threads_lock();
    sigprof__events_lock();
    sigprof__untold_forget(); /* whom should they be told to? */
    if (quiet) {
        sigprof__ring_drop(ring, remove);
    } else {
        if (remove)
            unlink(ring->path);
        ring->head = NULL; /* the mapping stays for the handler still in it */
    }
    sigprof__events_unlock();
    sigprof__threads_unlock();
}

/* What was used so far is the pause's, even if it goes on. */
static void end_pause(void)
{
    uint64_t now_ns = sigprof__os_process_cpu_ns();

    sigprof__session.paused_ns +=
        (int64_t)(now_ns - sigprof__session.paused_at_ns);
    sigprof__session.paused_at_ns = now_ns;
    sigprof__threads_end_pause();
}

/* Timers, flag, handlers out, accounts, last drain; see the theory. */
static int stop_parts(bool remove_if_empty)
{
    bool quiet;
    int code;

    sigprof__toggle_end();
    if (phase() == PHASE_PAUSED)
        end_pause();
    sigprof__threads_disarm(PHASE_OFF);
    quiet = sigprof__threads_synchronize(SYNCHRONIZE_MS);
    sigprof__threads_end();
    code = sigprof__drain_stop(remove_if_empty);
    last_stats.size = sizeof last_stats;
    sigprof__sheet(&last_stats);
    have_last_stats = true;
    sigprof__handler_restore();
    if (code)
        snprintf(sigprof__session.ring_left, sizeof sigprof__session.ring_left,
                 "%s", sigprof__state.ring.path);
    drop_ring(quiet, code == 0);
    PROBE_STOP((int)getpid());
    return code;
}

int sigprof__stop(bool remove_if_empty)
{
    if (phase() == PHASE_OFF)
        return SIGPROF_EOFF;
    return stop_parts(remove_if_empty);
}

/* ---- The calls --------------------------------------------------------- */

int sigprof_start(const struct sigprof_options *options)
{
    struct sigprof__config config;
    struct guard guard;
    int code = sigprof__config_from_options(&config, options);

    if (code)
        return code;
    sigprof__guard_enter(&guard);
    sigprof__control_lock();
    code = sigprof__start(&config, false);
    sigprof__control_unlock();
    sigprof__guard_leave(&guard);
    return code;
}

static int pause_sampling(void)
{
    if (phase() != PHASE_ON)
        return phase() == PHASE_OFF ? SIGPROF_EOFF : 0;
    sigprof__session.paused_at_ns = sigprof__os_process_cpu_ns();
    sigprof__threads_disarm(PHASE_PAUSED);
    return 0;
}

static int resume_sampling(void)
{
    if (phase() != PHASE_PAUSED)
        return phase() == PHASE_OFF ? SIGPROF_EOFF : 0;
    end_pause();
    return sigprof__threads_arm();
}

/* What happened before a pause is what a flight recorder's user wants to see. */
void sigprof__toggle(void)
{
    if (phase() == PHASE_PAUSED) {
        resume_sampling();
    } else if (phase() == PHASE_ON) {
        pause_sampling();
        if (sigprof__session.config.mode == SIGPROF_MODE_FLIGHT)
            sigprof__drain_flush();
    }
}

static int stop_sampling(void)
{
    return sigprof__stop(false);
}

static int controlled(int (*change)(void))
{
    struct guard guard;
    int code;

    sigprof__guard_enter(&guard);
    sigprof__control_lock();
    code = change();
    sigprof__control_unlock();
    sigprof__guard_leave(&guard);
    return code;
}

int sigprof_stop(void)
{
    return controlled(stop_sampling);
}

int sigprof_pause(void)
{
    return controlled(pause_sampling);
}

int sigprof_resume(void)
{
    return controlled(resume_sampling);
}

int sigprof_flush(void)
{
    return controlled(sigprof__drain_flush);
}

int sigprof_rotate(void)
{
    return controlled(sigprof__drain_rotate);
}

int sigprof_stats(struct sigprof_stats *stats)
{
    struct sigprof_stats full;
    struct guard guard;
    size_t size;

    if (!stats || stats->size < sizeof stats->size)
        return SIGPROF_EINVAL;
    size = stats->size < sizeof full ? stats->size : sizeof full;
    sigprof__guard_enter(&guard);
    sigprof__control_lock();
    memset(&full, 0, sizeof full);
    if (phase() != PHASE_OFF)
        sigprof__sheet(&full);
    else
        full = last_stats;
    sigprof__control_unlock();
    sigprof__guard_leave(&guard);
    full.size = stats->size;
    memcpy(stats, &full, size);
    return 0;
}

int sigprof_supported(const char *feature)
{
    static const char *const features[] = {
        "clock=itimer", "clock=perf", "clock=wall", "clock=polled",
        "unwind=cfi", "unwind=fp",
#ifdef SIGPROF_HAVE_LIBUNWIND
        "unwind=libunwind",
#endif
        "follow", "preload", "rotate", "mode=flight", "toggle",
        "guest", "handle_signal", "sample_here"};

    if (feature && strcmp(feature, "clock=thread") == 0)
        return sigprof__os_has_thread_timers;
    if (feature && strcmp(feature, "clock=realprof") == 0)
        return sigprof__os_process_timer_tells;
    for (size_t i = 0; feature && i < sizeof features / sizeof *features; i++)
        if (strcmp(feature, features[i]) == 0)
            return 1;
    return 0;
}

/* A raw fork's child has our state, but no part in the session. */
static bool is_on_here(void)
{
    return phase() != PHASE_OFF && sigprof__session.pid == getpid();
}

int sigprof_thread_attach(const char *name)
{
    struct guard guard;

    if (!is_on_here())
        return SIGPROF_EOFF;
    sigprof__guard_enter(&guard);
    sigprof__thread_begin_self(0, name);
    sigprof__guard_leave(&guard);
    return 0;
}

int sigprof_thread_detach(void)
{
    struct guard guard;

    if (!is_on_here())
        return SIGPROF_EOFF;
    sigprof__guard_enter(&guard);
    sigprof__thread_end_self();
    sigprof__guard_leave(&guard);
    return 0;
}
