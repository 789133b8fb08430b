/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated code by address, in the handler; see map.h. */
#include "jit/map.h"

_Atomic(struct code_table *) sigprof__code_table;

static const struct code_entry *find_in(const struct code_table *table,
                                        uintptr_t bucket, unsigned k,
                                        uintptr_t address)
{
    struct code_search search = code_search(table, bucket, k);

    for (;; code_next(&search)) {
        const struct code_entry *cell =
            &table->entry[code_place(table, &search)];

        for (unsigned i = 0; i < CODE_CELL; i++) {
            uintptr_t start =
                atomic_load_explicit(&cell[i].start, memory_order_acquire);

            if (start == 0)
                return NULL;
            if (code_holds(&cell[i], start, address) &&
                atomic_load_explicit(&cell[i].rule, memory_order_relaxed) >
                    CODE_NAMED)
                return &cell[i];
        }
    }
}

const struct code_entry *sigprof__code_find(uintptr_t address)
{
    const struct code_table *table =
        atomic_load_explicit(&sigprof__code_table, memory_order_acquire);
    uint64_t classes;

    if (!table)
        return NULL;
    classes = atomic_load_explicit(&table->classes, memory_order_relaxed);
    while (classes) {
        unsigned k = (unsigned)__builtin_ctzll(classes);
        uintptr_t bucket = address >> k;
        const struct code_entry *entry = find_in(table, bucket, k, address);

        if (!entry && bucket)
            entry = find_in(table, bucket - 1, k, address);
        if (entry)
            return entry;
        classes &= classes - 1;
    }
    return NULL;
}
