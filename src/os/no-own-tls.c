/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems that have thread-local variables themselves. */
#include "os/os.h"

void sigprof__os_threads_swept(void)
{
}

void sigprof__os_thread_forked(int before)
{
    (void)before;
}
