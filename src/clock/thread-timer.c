/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CPU timer for each thread, whose signal goes to that thread and carries its
 * slot. Such timers are looked at only on the kernel's ticks, so at most
 * CONFIG_HZ of them arrive each second; the rest come as overruns, which the
 * handler adds to the sample's weight. They die with an exec, and a fork's child
 * has none.
 */
#include "clock/clock.h"

#include <unistd.h>

#include "os/os.h"
#include "sigprof_impl.h"
#include "threads.h"

static int begin(void)
{
    return 0;
}

static void end(void)
{
}

static int arm(struct slot *slot, uint64_t first_ns)
{
    int error = 0;

    if (!slot->has_timer) {
        error = sigprof__os_timer_create(slot->tid, slot->value, &slot->timer);
        slot->has_timer = error == 0;
    }
    return error ? error
                 : sigprof__os_timer_arm(slot->timer, first_ns,
                                         sigprof__state.period_ns);
}

static void disarm(struct slot *slot, bool forever)
{
    if (!slot->has_timer)
        return;
    if (!forever) {
        sigprof__os_timer_arm(slot->timer, 0, 0);
        return;
    }
    sigprof__os_timer_delete(slot->timer);
    slot->has_timer = false;
}

const struct clock_ops sigprof__thread_timer = {begin, end, arm, disarm};
