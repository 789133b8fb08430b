/* SPDX-License-Identifier: BSD-2-Clause */
/* The BSDs and macOS: the part of os.h that ordinary code calls in which they are alike. */
#include <stdlib.h>
#include <unistd.h>

#include "os/bsd.h"
#include "os/os.h"

void sigprof__os_random(void *bytes, size_t size)
{
    arc4random_buf(bytes, size);
}

int sigprof__os_process_start(pid_t pid, uint64_t *start)
{
    struct bsd_process process;
    int error = sigprof__bsd_process(pid, &process);

    if (!error)
        *start = process.start_us;
    return error;
}

uint64_t sigprof__os_start_real_ns(uint64_t start)
{
    return start * 1000;
}

int sigprof__os_process_parent(pid_t pid, pid_t *parent)
{
    struct bsd_process process;
    int error = sigprof__bsd_process(pid, &process);

    *parent = error ? 0 : process.parent;
    return error;
}
