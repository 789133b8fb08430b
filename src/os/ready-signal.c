/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread is born with its thread-local variables: the initial-exec model. */
#include "os/os.h"

bool sigprof__os_thread_is_ready(void)
{
    return true;
}

void sigprof__os_thread_make_ready(void)
{
}
