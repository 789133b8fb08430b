/* SPDX-License-Identifier: BSD-2-Clause */
/* Contract and theory: weigh.h. */
#include "weigh.h"

#include "clock/clock.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "threads.h"

/* A tick that is due may not have come yet, and the period in which an event was
 * armed began before it. */
#define ALWAYS_DUE 1
#define SPARE 1

static struct ring_owner charger; /* threads_lock */

void sigprof__weigh_begin(void)
{
    charger = (struct ring_owner){.mixed = true};
}

/* By the time its clock showed cpu_ns. */
static int64_t missing_periods(const struct slot *slot, uint64_t cpu_ns)
{
    uint64_t used_ns = cpu_ns - slot->cpu_at_start_ns;

    return (int64_t)(used_ns / sigprof__state.period_ns) -
           (int64_t)sigprof__slot_periods(slot);
}

static bool leaves_out_kernel(const struct slot *slot)
{
    return atomic_load(&slot->has_event) && !slot->in_kernel;
}

static void charge_kernel(struct slot *slot, int64_t periods)
{
    struct unwind_frame frame = {.pc = FORMAT_MARK_KERNEL};
    struct unwind_stack stack = {.capacity = 1, .frame = &frame};
    struct ring_record header = {.weight = (uint32_t)periods,
                                 .state = FORMAT_STATE_SYSTEM,
                                 .time_ns = sigprof__record_ns()};

    if (periods >= 1 && periods <= UINT32_MAX &&
        sigprof__ring_append(&sigprof__state.ring, &charger, slot->tid, &stack,
                             &header, 0))
        slot->kernel_periods += (uint64_t)periods;
}

/* Ticks of a timer come on the system's tick, all that were due at once. */
static int64_t not_due_yet(const struct slot *slot)
{
    uint64_t step_ns = slot->event ? 0 : sigprof__os_timer_step_ns();

    return ALWAYS_DUE + SPARE + (int64_t)(step_ns / sigprof__state.period_ns);
}

/* What the thread had used at the look before is held against its samples of now:
 * a tick has come since, so nothing of that time is pending any more, whether the
 * thread had no CPU meanwhile or held the signal back. */
static void owe(struct slot *slot)
{
    int64_t missing = missing_periods(slot, slot->cpu_weighed_ns) -
                      not_due_yet(slot) - (int64_t)atomic_load(&slot->owed);

    if (missing >= 1 && missing <= INT32_MAX)
        atomic_fetch_add(&slot->owed, (uint32_t)missing);
    slot->cpu_weighed_ns = slot->cpu_last_ns;
}

void sigprof__weigh(struct slot *slot)
{
    int clock = atomic_load(&sigprof__state.clock);
    uint64_t periods = atomic_load(&slot->periods);
    bool silent = periods == slot->weighed_periods;
    int64_t missing = missing_periods(slot, slot->cpu_last_ns) - ALWAYS_DUE;

    if ((clock != SIGPROF_CLOCK_THREAD && clock != SIGPROF_CLOCK_PERF) ||
        atomic_load(&slot->inside))
        return; /* a tick that is being taken is not counted yet */
    slot->weighed_periods = periods;
    slot->blocked = silent && missing > 0 && sigprof__os_thread_blocks(slot->tid);
    if (!leaves_out_kernel(slot)) {
        if (!silent)
            owe(slot);
    } else if (missing > 0 && !slot->blocked) {
        charge_kernel(slot, missing);
    }
}

/* Without any sample it may have blocked the signal all its life. */
void sigprof__weigh_end(struct slot *slot, bool blocked)
{
    if (leaves_out_kernel(slot) && !blocked && atomic_load(&slot->samples) > 0)
        charge_kernel(slot, missing_periods(slot, slot->cpu_last_ns));
}
