/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event on the CPU time of each thread (Linux: perf's task clock), whose
 * signal comes at the very period asked for, and not on the system's ticks: up to
 * 10 kHz, and for work that lives between two ticks. Its signal names no slot and
 * counts no overrun: the handler finds the slot by the thread, and what was lost
 * is made good from the thread's CPU clock (weigh.c).
 *
 * An event samples user code only, so that no call is ever interrupted; the time
 * in the kernel is charged from the thread's CPU clock. Asked for by name, and
 * with the preload object there to disarm it before an exec, it samples the
 * kernel too where that is allowed.
 *
 * By name a thread has its event from its birth; its first period begins there,
 * so a timer that goes off once, at a random phase, stands for it. By `auto` a
 * thread is born with a timer, and the drain gives it an event once it has used
 * some CPU: the first event of a whole system takes it 15 ms, and short-lived
 * threads would pay 60 us each. A thread that is refused an event (locked memory,
 * descriptors) keeps a timer.
 */
#include "clock/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "threads.h"

#define PHASE_PERIOD_NS 1000000u /* below, an unsampled first period is nothing */

/* threads_lock */
static bool refused;   /* there is no use in trying again */
static bool in_kernel; /* until the system says no */
static bool noted;
static bool any; /* a thread had an event since the beginning */

static bool by_name(void)
{
    return sigprof__session.config.clock == SIGPROF_CLOCK_PERF;
}

static int begin(void)
{
    refused = false;
    noted = false;
    any = false;
    in_kernel = by_name() && sigprof__threads_are_told();
    return 0;
}

static void end(void)
{
}

/* The first refusal goes into the file. */
static void note_refusal(int error)
{
    static char note[128];

    if (noted)
        return;
    noted = true;
    snprintf(note, sizeof note, "%s refused a perf event: %s",
             any ? "some threads have a timer, as they were" : "we were",
             strerror(error));
    sigprof__clock_say(any ? SIGPROF_CLOCK_PERF : SIGPROF_CLOCK_THREAD, note);
}

/* Under a filter of system calls a refused one may be the program's end. */
static int open_event(struct slot *slot)
{
    int error = EPERM;

    slot->in_kernel = in_kernel;
    if (!sigprof__os_syscalls_filtered())
        error = sigprof__os_event_open(slot->tid, sigprof__state.period_ns,
                                       in_kernel, &slot->event);
    if (error == EACCES && in_kernel) {
        in_kernel = false;
        return open_event(slot);
    }
    return error;
}

static int give_event(struct slot *slot)
{
    int error;

    if (slot->event)
        return 0;
    if (refused)
        return EPERM;
    /* before the first tick, which may come at once */
    atomic_store(&sigprof__state.event_ticks, true);
    atomic_store(&slot->has_event, true);
    error = open_event(slot);
    if (error) {
        atomic_store(&slot->has_event, false);
        refused = !any;
        note_refusal(error);
        return error;
    }
    any = true;
    return 0;
}

/* The event's first period begins now: a thread that lives shorter is caught by a
 * timer that goes off once. With it, half of the events' first ticks are one too
 * many; the handler leaves those out. */
static void arm_phase(struct slot *slot, uint64_t first_ns)
{
    if (sigprof__state.period_ns < PHASE_PERIOD_NS ||
        sigprof__thread_timer.arm(slot, first_ns) != 0)
        return;
    sigprof__os_timer_arm(slot->timer, first_ns, 0);
    atomic_store(&slot->skips_first, first_ns & 1);
}

static int arm(struct slot *slot, uint64_t first_ns)
{
    bool had = atomic_load(&slot->has_event); /* before a pause */

    if ((!by_name() && !had) || give_event(slot) != 0)
        return sigprof__thread_timer.arm(slot, first_ns);
    if (!had)
        arm_phase(slot, first_ns);
    return 0;
}

static void disarm(struct slot *slot, bool forever)
{
    sigprof__os_event_close(slot->event);
    slot->event = NULL;
    sigprof__thread_timer.disarm(slot, forever);
}

void sigprof__perf_replace_timer(struct slot *slot)
{
    if (slot->event || slot->event_refused || refused)
        return;
    slot->event_refused = give_event(slot) != 0;
    if (slot->event_refused)
        return;
    sigprof__thread_timer.disarm(slot, true);
    if (atomic_load(&sigprof__state.clock) != SIGPROF_CLOCK_PERF)
        sigprof__clock_say(SIGPROF_CLOCK_PERF, NULL);
}

const struct clock_ops sigprof__perf = {begin, end, arm, disarm};
