/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems whose ticks do not tell what the thread has done. */
#include "os/os.h"

const bool sigprof__os_process_timer_tells = false;

uint32_t sigprof__os_tick_periods(const void *siginfo, unsigned state)
{
    (void)siginfo;
    (void)state;
    return 0;
}
