/* SPDX-License-Identifier: BSD-2-Clause */
/* Systems whose dl_iterate_phdr(3) holds the loader's lock during a callback: what it
 * shows is there. */
#include <string.h>

#include "os/os.h"

const void *sigprof__os_loaded(enum os_loaded_slot slot, uintptr_t address,
                               size_t bytes)
{
    (void)slot;
    (void)bytes;
    return (const void *)address;
}

bool sigprof__os_loaded_copy(void *to, uintptr_t address, size_t bytes)
{
    memcpy(to, (const void *)address, bytes);
    return true;
}

const char *sigprof__os_loaded_name(const char *name)
{
    return name;
}
