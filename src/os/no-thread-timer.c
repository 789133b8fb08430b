/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems whose timers know nothing of a thread's CPU
 * time: the clock falls back to the process's. */
#include "os/os.h"

#include <errno.h>

const bool sigprof__os_has_thread_timers = false;

int sigprof__os_timer_create(int tid, uint32_t value, os_timer *timer)
{
    (void)tid;
    (void)value;
    (void)timer;
    return ENOTSUP;
}

int sigprof__os_timer_arm(os_timer timer, uint64_t first_ns, uint64_t period_ns)
{
    (void)timer;
    (void)first_ns;
    (void)period_ns;
    return ENOTSUP;
}

void sigprof__os_timer_delete(os_timer timer)
{
    (void)timer;
}
