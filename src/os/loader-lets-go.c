/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Systems whose dl_iterate_phdr(3) gives the loader's lock back for a callback: another
 * thread can unload what it shows. So that is read as a handler reads what may not be
 * there, and is gone if it cannot be read. What is read of something else that came
 * to its place meanwhile can be wrong, until the next look: nothing outside of what was
 * read follows from it.
 */
#include <string.h>

#include "os/os.h"

#define NAME_BYTES 4096

/* modules_lock */
static struct {
    void *memory;
    size_t bytes;
} slots[OS_LOADED_SLOTS];
static char name_read[NAME_BYTES];

static bool make_room(enum os_loaded_slot slot, size_t bytes)
{
    if (bytes <= slots[slot].bytes)
        return true;
    if (slots[slot].memory)
        sigprof__os_unmap(slots[slot].memory, slots[slot].bytes);
    slots[slot].memory = sigprof__os_map(bytes);
    slots[slot].bytes = slots[slot].memory ? bytes : 0;
    return slots[slot].memory != NULL;
}

const void *sigprof__os_loaded(enum os_loaded_slot slot, uintptr_t address,
                               size_t bytes)
{
    if (!make_room(slot, bytes) ||
        !sigprof__os_loaded_copy(slots[slot].memory, address, bytes))
        return NULL;
    return slots[slot].memory;
}

bool sigprof__os_loaded_copy(void *to, uintptr_t address, size_t bytes)
{
    return sigprof__os_read_memory(address, to, bytes) == bytes;
}

const char *sigprof__os_loaded_name(const char *name)
{
    size_t got = sigprof__os_read_memory((uintptr_t)name, name_read, NAME_BYTES);

    return memchr(name_read, 0, got) ? name_read : NULL;
}
