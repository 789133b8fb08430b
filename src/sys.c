/* SPDX-License-Identifier: BSD-2-Clause */
/* The replaceable table. Contract: sys.h. */
#include "sys.h"

/* glibc gives setitimer's first argument an enum type of its own. */
static int call_setitimer(int which, const struct itimerval *when,
                          struct itimerval *before)
{
    return setitimer(which, when, before);
}

struct sigprof__sys sigprof__sys = {sigaction, call_setitimer};
