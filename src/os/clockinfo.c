/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for BSDs that tell of their clocks in a struct clockinfo. */
#include "os/bsd.h"

#include <sys/sysctl.h>
#include <sys/time.h>

#include "os/os.h"

/* The timer is looked at on the kernel's ticks. */
uint64_t sigprof__os_timer_step_ns(void)
{
    static const int name[] = {CTL_KERN, KERN_CLOCKRATE};
    struct clockinfo rate;
    size_t size = sizeof rate;
    int hz;

    if (sysctl(name, 2, &rate, &size, NULL, 0) != 0)
        return 0;
    hz = sigprof__bsd_timer_hz(&rate);
    return hz > 0 ? 1000000000u / (unsigned)hz : 0;
}
