/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock in use. Contract: clock.h. */
#include "clock/clock.h"

#include <stdio.h>
#include <string.h>

#include "events.h"
#include "sigprof_impl.h"
#include "threads-table.h"

static const struct clock_ops *in_use(void)
{
    int clock = atomic_load(&sigprof__state.clock);

    if (clock == SIGPROF_CLOCK_ITIMER)
        return &sigprof__itimer;
    if (clock == SIGPROF_CLOCK_REALPROF)
        return &sigprof__realprof;
    if (clock == SIGPROF_CLOCK_WALL)
        return &sigprof__wall;
    if (clock == SIGPROF_CLOCK_POLLED)
        return &sigprof__polled;
    return sigprof__session.config.clock == SIGPROF_CLOCK_THREAD
               ? &sigprof__thread_timer
               : &sigprof__perf;
}

/* The process's timer, by the name it has here. */
static int process_clock(void)
{
    return sigprof__os_process_timer_tells ? SIGPROF_CLOCK_REALPROF
                                           : SIGPROF_CLOCK_ITIMER;
}

/* Without timers of threads, or where they are refused. */
static int clock_of_all(void)
{
    return sigprof__os_process_timer_is_fair ? process_clock()
                                             : SIGPROF_CLOCK_POLLED;
}

static bool wants_timers(int asked)
{
    return asked == SIGPROF_CLOCK_AUTO || asked == SIGPROF_CLOCK_THREAD;
}

int sigprof__clock_first(int asked)
{
    if (asked == SIGPROF_CLOCK_ITIMER)
        return process_clock();
    if (!wants_timers(asked) &&
        (asked != SIGPROF_CLOCK_PERF || sigprof__os_has_thread_timers))
        return asked;
    return sigprof__os_has_thread_timers ? SIGPROF_CLOCK_THREAD : clock_of_all();
}

const char *sigprof__clock_first_note(int asked)
{
    return wants_timers(asked) || asked == SIGPROF_CLOCK_ITIMER ||
                   sigprof__clock_first(asked) != asked
               ? sigprof__os_clock_note
               : NULL;
}

int sigprof__clock_begin(void)
{
    return in_use()->begin();
}

void sigprof__clock_end(void)
{
    in_use()->end();
}

int sigprof__clock_arm(struct slot *slot, uint64_t first_ns)
{
    const struct clock_ops *clock = in_use();

    return clock->arm ? clock->arm(slot, first_ns) : 0;
}

void sigprof__clock_disarm(struct slot *slot, bool forever)
{
    const struct clock_ops *clock = in_use();

    if (clock->disarm)
        clock->disarm(slot, forever);
}

/* The wall clock charges what has passed, as long as the thread is there. */
int sigprof__clock_used(int tid, uint64_t *ns)
{
    int error = sigprof__os_thread_cpu_ns(tid, ns);

    if (!error && in_use() == &sigprof__wall)
        *ns = sigprof__os_now_ns();
    return error;
}

unsigned sigprof__clock_granted_hz(unsigned asked_hz)
{
    int clock = atomic_load(&sigprof__state.clock);
    uint64_t step_ns =
        clock == SIGPROF_CLOCK_PERF || sigprof__clock_is_sampler(clock)
            ? 0
            : sigprof__os_timer_step_ns();
    uint64_t most = step_ns ? 1000000000u / step_ns : asked_hz;

    return most < asked_hz ? (unsigned)most : asked_hz;
}

void sigprof__clock_improve(struct slot *slot)
{
    if (in_use() == &sigprof__perf &&
        sigprof__session.config.clock == SIGPROF_CLOCK_AUTO)
        sigprof__perf_replace_timer(slot);
}

void sigprof__clock_say(int clock, const char *note)
{
    char hz[16];

    if (atomic_exchange(&sigprof__state.clock, clock) != clock) {
        snprintf(hz, sizeof hz, "%u",
                 sigprof__clock_granted_hz(sigprof__session.config.hz));
        sigprof__event_info("clock", sigprof__clock_word((unsigned)clock));
        sigprof__event_info("hz_granted", hz);
    }
    if (!note)
        return;
    sigprof__session.clock_note = note;
    sigprof__event_info("clock_note", note);
}

/* A forked child gets the clock that was asked for: its limits may be new. The slots
 * are locked, so no sampler can begin here. */
int sigprof__clock_fall_back(int error)
{
    static char note[96];

    if ((in_use() != &sigprof__thread_timer && in_use() != &sigprof__perf) ||
        clock_of_all() == SIGPROF_CLOCK_POLLED)
        return SIGPROF_ECLOCK;
    sigprof__threads_disarm_all_locked();
    snprintf(note, sizeof note, "a thread's timer was refused: %s",
             strerror(error));
    sigprof__clock_say(clock_of_all(), note);
    return in_use()->begin();
}
