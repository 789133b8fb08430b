/* SPDX-License-Identifier: BSD-2-Clause */
/* ITIMER_REALPROF, ordinary code's side. Theory: realprof.h. There is one such timer in
 * a process, and while it is on, requests for ITIMER_PROF are ignored: so it gives way to
 * the program's, as ITIMER_PROF does. */
#include "clock/clock.h"

#include <stddef.h>

#include "os/os.h"
#include "sigprof/sigprof.h"

static int begin(void)
{
    return sigprof__os_process_timer_tells ? sigprof__itimer.begin()
                                           : SIGPROF_ECLOCK;
}

static void end(void)
{
    sigprof__itimer.end();
}

/* Threads are in it when they are born. */
const struct clock_ops sigprof__realprof = {begin, end, NULL, NULL};
