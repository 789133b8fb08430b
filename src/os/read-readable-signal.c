/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems that have nothing which copies one's own memory without a
 * descriptor, or a message: the kernel is asked whether a page can be read. */
#include "os/readable.h"

#include "os/os.h"

#define PAGE_BYTES 4096u /* of larger ones it is asked more often than needed */

/* A page that is unmapped just behind the question is a fault. */
__attribute__((no_sanitize("address"))) size_t
sigprof__os_read_memory(uintptr_t address, void *to, size_t size)
{
    unsigned char *bytes = to;

    for (size_t i = 0; i < size; i++) {
        uintptr_t at = address + i;

        if ((i == 0 || at % PAGE_BYTES == 0) && !sigprof__os_is_readable(at))
            return i;
        bytes[i] = *(const volatile unsigned char *)at;
    }
    return size;
}
