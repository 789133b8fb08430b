/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU time, polled: the sampler (sampler.h) looks at each thread's CPU clock, and
 * signals those that have used a period. For systems whose timers do not find the thread
 * that ran.
 *
 * A sample's weight is what the clock says, so none is lost or invented. A thread that
 * sleeps is not signalled: what it is owed waits until it is found to run, so the stack
 * is one of those that used the CPU, and a call is interrupted only if it falls asleep
 * just then. One that is seldom on it is seldom found, with the more weight. What is owed
 * at a thread's end is unsampled.
 */
#include <errno.h>

#include "clock/clock.h"
#include "clock/sampler.h"
#include "clock/wall.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "threads-table.h"

/* Its clock stands at cpu_ns. */
static void charge(struct wall_account *wall, uint64_t cpu_ns)
{
    uint64_t period_ns = sigprof__state.period_ns;
    uint64_t ran = (cpu_ns - wall->run_ns) / period_ns;

    if ((int64_t)(cpu_ns - wall->run_ns) <= 0)
        return; /* a clock that is kept by ticks can step back */
    wall->run_ns += ran * period_ns;
    atomic_fetch_add(&wall->owed[FORMAT_STATE_RUNNING], (uint32_t)ran);
}

static bool look(struct slot *slot, uint32_t tick)
{
    struct wall_account *wall = &slot->wall;
    uintptr_t pc, sp;
    uint64_t cpu_ns;

    if (sigprof__os_thread_cpu_ns(slot->tid, &cpu_ns) != 0)
        return false;
    wall->still = cpu_ns != wall->cpu_ns ? 0 : wall->still + tick - wall->looked;
    wall->looked = tick;
    wall->cpu_ns = cpu_ns;
    charge(wall, cpu_ns);
    if (sigprof__sampler_owed(wall) > 0 &&
        sigprof__os_thread_asleep(slot->tid, &pc, &sp) == EAGAIN)
        sigprof__sampler_ask(slot);
    return true;
}

static int begin(void)
{
    return sigprof__sampler_begin(look);
}

/* The first period ends at a random moment: or threads that are shorter than one
 * would never be seen. */
static int arm(struct slot *slot, uint64_t first_ns)
{
    struct wall_account *wall = &slot->wall;
    int error = sigprof__os_thread_cpu_ns(slot->tid, &wall->cpu_ns);

    if (error)
        return error == ESRCH ? 0 : error; /* gone, and not swept yet */
    sigprof__sampler_forget_owed(wall);
    wall->run_ns = wall->cpu_ns + first_ns - sigprof__state.period_ns;
    wall->looked = sigprof__sampler_tick();
    wall->still = 0;
    wall->armed = true;
    sigprof__sampler_add(slot);
    return 0;
}

static void disarm(struct slot *slot, bool forever)
{
    struct wall_account *wall = &slot->wall;

    (void)forever;
    if (!wall->armed)
        return;
    sigprof__sampler_remove(slot);
    sigprof__sampler_forget_owed(wall);
    wall->armed = false;
}

const struct clock_ops sigprof__polled = {begin, sigprof__sampler_end, arm, disarm};
