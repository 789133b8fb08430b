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
#include "clock/sampler.h"
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
#include "parts.h"
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
                                                   : RING_SPARE_BLOCKS);
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

/* ---- The balance sheet -------------------------------------------------- */

static uint64_t dropped(enum ring_drop cause)
{
    const struct ring_head *head = sigprof__state.ring.head;

    return head ? atomic_load(&head->dropped[cause]) : 0;
}

/* What a flight recorder has given up was taken once, and is no more. */
static void count_overwritten(struct sigprof_stats *stats,
                              struct thread_totals *totals)
{
    const struct ring_head *head = sigprof__state.ring.head;
    uint64_t samples = head ? atomic_load(&head->overwritten_samples) : 0;

    stats->overwritten = head ? atomic_load(&head->overwritten) : 0;
    stats->taken -= samples;
    totals->samples -= samples;
    totals->periods -= stats->overwritten;
}

struct due {
    uint64_t ns;
    int64_t paused_ns; /* of it */
};

/* By CPU clocks: what the system says of the process. */
static struct due cpu_due(void)
{
    const struct sigprof__session *session = &sigprof__session;
    uint64_t cpu_ns = sigprof__os_process_cpu_ns();
    struct due due = {cpu_ns - session->cpu_at_start_ns, session->paused_ns};

    if (phase() == PHASE_PAUSED)
        due.paused_ns += (int64_t)(cpu_ns - session->paused_at_ns);
    return due;
}

/* By the wall clock: elapsed time, times the threads that are known. */
static struct due time_due(const struct thread_totals *totals, uint64_t own_ns)
{
    return (struct due){totals->cpu_ns + totals->paused_ns + own_ns,
                        (int64_t)totals->paused_ns};
}

void sigprof__sheet(struct sigprof_stats *stats)
{
    const struct ring_head *head = sigprof__state.ring.head;
    struct thread_totals totals;
    struct due due;

    sigprof__threads_totals(&totals, phase() == PHASE_ON);
    stats->own_ns = sigprof__drain_cpu_ns() + sigprof__sampler_own_ns() +
                    sigprof__toggle_own_ns();
    if (atomic_load(&sigprof__state.clock) == SIGPROF_CLOCK_WALL)
        due = time_due(&totals, stats->own_ns);
    else
        due = cpu_due();
    stats->period_ns = sigprof__state.period_ns;
    stats->due_ns = due.ns;
    stats->taken = totals.samples;
    stats->dropped_full = dropped(RING_DROP_FULL);
    stats->dropped_busy = dropped(RING_DROP_BUSY);
    stats->dropped_slot = dropped(RING_DROP_SLOT);
    stats->dropped =
        stats->dropped_full + stats->dropped_busy + stats->dropped_slot;
    count_overwritten(stats, &totals);
    stats->overrun = totals.periods > totals.samples + stats->dropped_full
                         ? totals.periods - totals.samples - stats->dropped_full
                         : 0; /* handlers go on counting while we read */
    stats->toggles = sigprof__toggle_count();
    stats->foreign = head ? atomic_load(&head->foreign) : 0;
    stats->unsampled_exit_ns = totals.exit_ns;
    stats->unsampled_running_ns = totals.running_ns;
    stats->unsampled_blocked_ns = totals.blocked_ns;
    stats->unsampled_paused_ns = due.paused_ns;
    stats->unsampled_kernel_ns = totals.kernel_ns;
    stats->unsampled_unseen_ns =
        (int64_t)(stats->due_ns - totals.cpu_ns - stats->own_ns -
                  stats->dropped_slot * stats->period_ns) -
        due.paused_ns;
    stats->unsampled_ns = stats->unsampled_exit_ns +
                          stats->unsampled_running_ns +
                          stats->unsampled_blocked_ns +
                          stats->unsampled_paused_ns +
                          stats->unsampled_kernel_ns +
                          stats->unsampled_unseen_ns;
    stats->threads = totals.threads;
    stats->clock = (uint64_t)atomic_load(&sigprof__state.clock);
}

unsigned sigprof__sheet_lines(struct sigprof__sheet_line lines[SHEET_LINES])
{
    const struct ring_head *head = sigprof__state.ring.head;
    struct sigprof_stats s;

    sigprof__sheet(&s);
    const struct sigprof__sheet_line filled[] = {
        {"due_ns", (int64_t)s.due_ns, false},
        {"taken", (int64_t)s.taken, false},
        {"overrun", (int64_t)s.overrun, false},
        {"dropped_full", (int64_t)s.dropped_full, false},
        {"dropped_busy", (int64_t)s.dropped_busy, false},
        {"dropped_slot", (int64_t)s.dropped_slot, false},
        {"foreign", (int64_t)s.foreign, false},
        {"lost_events", (int64_t)atomic_load(&head->events_lost), false},
        {"unsampled_exit_ns", s.unsampled_exit_ns, false},
        {"unsampled_running_ns", s.unsampled_running_ns, false},
        {"unsampled_blocked_ns", s.unsampled_blocked_ns, false},
        {"unsampled_paused_ns", s.unsampled_paused_ns, false},
        {"unsampled_unseen_ns", s.unsampled_unseen_ns, false},
        {"own_ns", (int64_t)s.own_ns, false},
        {"threads", (int64_t)s.threads, false},
        {"overwritten", (int64_t)s.overwritten, false},
        {"unsampled_kernel_ns", s.unsampled_kernel_ns, false},
        {"rotations_failed", (int64_t)sigprof__parts_failed(), false},
        {"first_drop_ns", (int64_t)atomic_load(&head->first_drop_ns), true},
        {"last_drop_ns", (int64_t)atomic_load(&head->last_drop_ns), true}};

    _Static_assert(sizeof filled / sizeof *filled <= SHEET_LINES, "room");
    memcpy(lines, filled, sizeof filled);
    return sizeof filled / sizeof *filled;
}
