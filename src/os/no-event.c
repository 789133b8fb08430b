/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems that count no events for a thread. */
#include "os/os.h"

#include <errno.h>

int sigprof__os_event_open(int tid, uint64_t period_ns, bool in_kernel,
                           os_event *event)
{
    (void)tid;
    (void)period_ns;
    (void)in_kernel;
    (void)event;
    return ENOTSUP;
}

void sigprof__os_event_close(os_event event)
{
    (void)event;
}
