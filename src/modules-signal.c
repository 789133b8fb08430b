/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding a module, in the handler; see modules.h. */
#include "modules.h"

_Atomic(const struct module_snapshot *) sigprof__modules_current;

const struct module *sigprof__module_find(const struct module_snapshot *snapshot,
                                          uintptr_t address)
{
    uint32_t low = 0;
    uint32_t high = snapshot ? snapshot->count : 0;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (snapshot->module[middle].high <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!snapshot || low == snapshot->count ||
        address < snapshot->module[low].low)
        return 0;
    return &snapshot->module[low];
}
