/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems whose mmap(2) maps private memory without a file, and
 * cannot be told to have its pages there at once. */
#include <sys/mman.h>

#include "os/os.h"

#ifdef __sun /* sets swap aside for all of it otherwise */
#define FLAGS (MAP_PRIVATE | MAP_ANON | MAP_NORESERVE)
#else
#define FLAGS (MAP_PRIVATE | MAP_ANON)
#endif

void *sigprof__os_map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, FLAGS, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

void *sigprof__os_map_at_once(size_t bytes)
{
    return sigprof__os_map(bytes);
}

void sigprof__os_unmap(void *at, size_t bytes)
{
    if (at)
        munmap(at, bytes);
}
