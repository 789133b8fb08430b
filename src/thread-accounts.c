/* SPDX-License-Identifier: BSD-2-Clause */
/* What threads have used, and what no sample stands for of it. Contract:
 * thread-accounts.h. */
#include "thread-accounts.h"

#include <string.h>

#include "clock/clock.h"
#include "clock/sampler.h"
#include "sigprof_impl.h"
#include "threads-table.h"

static struct thread_totals past; /* of threads that are gone */

void sigprof__accounts_begin(void)
{
    memset(&past, 0, sizeof past);
}

void sigprof__account_open(void)
{
    past.threads++;
    past.live++;
}

uint64_t sigprof__accounts_live(void)
{
    return past.live;
}

static int64_t unsampled_ns(struct slot *slot)
{
    return (int64_t)(slot->cpu_last_ns - slot->cpu_at_start_ns) -
           (int64_t)(sigprof__slot_periods(slot) * sigprof__state.period_ns);
}

static void add_totals(struct thread_totals *totals, struct slot *slot,
                       unsigned cause)
{
    int64_t unsampled = unsampled_ns(slot);

    totals->cpu_ns += slot->cpu_last_ns - slot->cpu_at_start_ns;
    totals->samples += atomic_load(&slot->samples);
    totals->periods += atomic_load(&slot->periods);
    totals->kernel_ns +=
        (int64_t)(slot->kernel_periods * sigprof__state.period_ns);
    if (cause == FORMAT_EXIT_ENDED)
        totals->exit_ns += unsampled;
    else if (cause == FORMAT_EXIT_BLOCKED)
        totals->blocked_ns += unsampled;
    else
        totals->running_ns += unsampled;
}

bool sigprof__account_was_blocked(struct slot *slot)
{
    uint64_t ns = slot->wall.blocked * sigprof__state.period_ns;

    return ns > 0 && 2 * (int64_t)ns > unsampled_ns(slot);
}

void sigprof__account_sampled(struct slot *slot)
{
    uint64_t sampled_ns = slot->cpu_at_start_ns +
                          sigprof__slot_periods(slot) * sigprof__state.period_ns;

    if (slot->cpu_last_ns < sampled_ns)
        slot->cpu_last_ns = sampled_ns;
}

void sigprof__account_close(struct slot *slot, unsigned cause)
{
    add_totals(&past, slot, cause);
    past.live--;
}

/* The calling thread blocks every signal, for our sake (guard.h). */
static bool is_blocking(struct slot *slot)
{
    return slot->tid == sigprof__os_tid() ? slot->blocked
                                          : sigprof__os_thread_blocks(slot->tid);
}

/* Being caught between two ticks costs under a period; more has a reason. The
 * sampler has asked already. */
unsigned sigprof__account_cause_now(struct slot *slot)
{
    if (sigprof__account_was_blocked(slot))
        return FORMAT_EXIT_BLOCKED;
    return !sigprof__clock_is_sampler(atomic_load(&sigprof__state.clock)) &&
                   unsampled_ns(slot) > 3 * (int64_t)sigprof__state.period_ns &&
                   is_blocking(slot)
               ? FORMAT_EXIT_BLOCKED
               : FORMAT_EXIT_RUNNING;
}

/* CPU time used while paused is the pause's, not the thread's. */
static void end_pause(struct slot *slot)
{
    uint64_t now_ns;

    if (sigprof__clock_used(slot->tid, &now_ns) != 0)
        return;
    past.paused_ns += now_ns - slot->cpu_last_ns;
    slot->cpu_at_start_ns += now_ns - slot->cpu_last_ns;
    slot->cpu_weighed_ns += now_ns - slot->cpu_last_ns;
    slot->cpu_last_ns = now_ns;
}

void sigprof__threads_end_pause(void)
{
    sigprof__threads_lock();
    for (uint32_t i = 0; i < slots_made; i++)
        if (slot_is_live(slot_at(i)))
            end_pause(slot_at(i));
    sigprof__threads_unlock();
}

void sigprof__threads_totals(struct thread_totals *totals,
                             bool look_for_blocked)
{
    sigprof__threads_lock();
    *totals = past;
    for (uint32_t i = 0; i < slots_made; i++) {
        struct slot *slot = slot_at(i);
        uint64_t now_ns;

        if (!slot_is_live(slot))
            continue;
        if (atomic_load(&sigprof__state.phase) == PHASE_ON)
            sigprof__clock_used(slot->tid, &slot->cpu_last_ns);
        else if (sigprof__clock_used(slot->tid, &now_ns) == 0)
            totals->paused_ns += now_ns - slot->cpu_last_ns;
        add_totals(totals, slot,
                   look_for_blocked ? sigprof__account_cause_now(slot) : FORMAT_EXIT_RUNNING);
    }
    sigprof__threads_unlock();
}
