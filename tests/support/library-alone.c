/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the unwinder and the module list ask of the rest of the library, for
 * tests that have these two alone: events are counted, nobody is inside.
 */
#include "library-alone.h"

#include <string.h>

#include "events.h"
#include "threads.h"

struct library_alone library_alone;

void sigprof__event_module(const struct event_module *module)
{
    library_alone.modules++;
    library_alone.last_id = module->id;
    library_alone.last_flags = module->flags;
    library_alone.last_low = module->low;
    library_alone.last_high = module->high;
    library_alone.last_build_id_bytes = module->build_id_bytes;
    strncpy(library_alone.last_path, module->path,
            sizeof library_alone.last_path - 1);
}

void sigprof__event_unload(uint32_t module_id)
{
    library_alone.unloads++;
    library_alone.last_unload = module_id;
}

bool sigprof__threads_synchronize(unsigned max_ms)
{
    (void)max_ms;
    library_alone.synchronized++;
    return !library_alone.busy;
}
