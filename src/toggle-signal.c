/* SPDX-License-Identifier: BSD-2-Clause */
/* The toggle's handler. Theory: toggle.h. */
#include "toggle.h"

#include <errno.h>

_Atomic(sem_t *) sigprof__toggle_posted;

void sigprof__toggle_handler(int number)
{
    int saved_errno = errno;

    (void)number;
    sem_post(atomic_load_explicit(&sigprof__toggle_posted, memory_order_relaxed));
    errno = saved_errno;
}
