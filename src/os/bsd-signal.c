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

#define PAGE_BYTES 4096u

/* A page that is unmapped just behind the question is a fault: there is nothing else
 * that copies one's own memory without a descriptor. */
__attribute__((no_sanitize("address"))) size_t
sigprof__os_read_memory(uintptr_t address, void *to, size_t size)
{
    unsigned char *bytes = to;

    for (size_t i = 0; i < size; i++) {
        uintptr_t at = address + i;

        if ((i == 0 || at % PAGE_BYTES == 0) && !sigprof__bsd_is_readable(at))
            return i;
        bytes[i] = *(const volatile unsigned char *)at;
    }
    return size;
}
