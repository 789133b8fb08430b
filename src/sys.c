/* SPDX-License-Identifier: BSD-2-Clause */
/* The replaceable table. Contract: sys.h. */
#include "sys.h"

/* glibc gives setitimer's first argument an enum type of its own; the second is
 * not const in illumos' header. */
static int call_setitimer(int which, const struct itimerval *when,
                          struct itimerval *before)
{
    struct itimerval wanted = *when;

    return setitimer(which, &wanted, before);
}

struct sigprof__sys sigprof__sys = {sigaction, call_setitimer};
