/* SPDX-License-Identifier: BSD-2-Clause */
/* The balance sheet: what the system charged, what samples stand for, and what none
 * does. Contract: sigprof_impl.h; what a line means: sigprof/sigprof.h. */
#include <string.h>

#include "clock/sampler.h"
#include "drain.h"
#include "parts.h"
#include "sigprof_impl.h"
#include "threads.h"
#include "toggle.h"

static bool is_in(int phase)
{
    return atomic_load(&sigprof__state.phase) == phase;
}

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

    if (is_in(PHASE_PAUSED))
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

    sigprof__threads_totals(&totals, is_in(PHASE_ON));
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
        {"last_drop_ns", (int64_t)atomic_load(&head->last_drop_ns), true},
        {"process_cpu_ns", (int64_t)sigprof__os_process_cpu_ns(), true}};

    _Static_assert(sizeof filled / sizeof *filled <= SHEET_LINES, "room");
    memcpy(lines, filled, sizeof filled);
    return sizeof filled / sizeof *filled;
}
