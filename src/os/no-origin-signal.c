/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems whose signals do not say who has raised them: DragonFly,
 * OpenBSD. Each is the sampler's where that is expected, else the timer's where that is
 * armed. */
#include "os/os.h"

void sigprof__os_tick(const void *siginfo, struct os_tick *tick)
{
    (void)siginfo;
    *tick = (struct os_tick){.bare = true, .from_process_timer = true};
}
