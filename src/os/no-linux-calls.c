/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems that have none of these: a barrier in other threads, a
 * table of descriptors for one thread, a filter of system calls that kills, a count of the
 * loader's that can be had without its lock. They have issetugid(2). */
#include <errno.h>
#include <unistd.h>

#include "os/os.h"

unsigned sigprof__os_loader_count(void)
{
    return 0;
}

void sigprof__os_barrier_begin(void)
{
}

bool sigprof__os_barrier(void)
{
    return false;
}

bool sigprof__os_syscalls_filtered(void)
{
    return false;
}

int sigprof__os_private_descriptors(void)
{
    return ENOTSUP;
}

bool sigprof__os_is_secure(void)
{
    return issetugid() != 0;
}
