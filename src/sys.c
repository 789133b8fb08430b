/* SPDX-License-Identifier: BSD-2-Clause */
/* The replaceable table. Contract: sys.h. */
#include "sys.h"

#include <stddef.h>

/* glibc gives setitimer's first argument an enum type of its own; the second is
 * not const in illumos' header. */
static int set_timer(int which, uint64_t period_ns)
{
    struct itimerval when = sigprof__sys_interval(period_ns);

    return setitimer(which, &when, NULL);
}

struct sigprof__sys sigprof__sys = {sigaction, set_timer};
