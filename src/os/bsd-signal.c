/* SPDX-License-Identifier: BSD-2-Clause */
/* The BSDs: the part of os.h that the handler may call, as far as they are alike. */
#include "os/bsd.h"
#include "os/os.h"

/* The thread's structure is not on its stack. */
uintptr_t sigprof__os_thread_pointer(void)
{
    return 0;
}

uint64_t sigprof__os_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
