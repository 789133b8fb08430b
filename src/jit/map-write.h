/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing the map of generated code. All of these: one caller at a time, in
 * ordinary code. Theory: map.h. */
#ifndef SIGPROF_JIT_MAP_WRITE_H
#define SIGPROF_JIT_MAP_WRITE_H

#include "jit/map.h"

/* Sees to room for one more; false: no memory. *replaced: a table that no new
 * reader finds any more, to be freed when no handler is inside; or NULL. */
bool sigprof__code_map_room(struct code_table **replaced);

/* Such code is about to be looked for and added: its place is fetched meanwhile. */
void sigprof__code_map_soon(uintptr_t start, size_t bytes);

void sigprof__code_map_add(const struct code_entry *entry);

/* The live entry that starts there, or NULL. */
struct code_entry *sigprof__code_map_at(uintptr_t start);

/* A live entry that shares an address with [low, high), or NULL. */
struct code_entry *sigprof__code_map_overlap(uintptr_t low, uintptr_t high);

/* The entry is found no more; its region, which handlers may still look at. */
struct code_region *sigprof__code_map_kill(struct code_entry *entry);

void sigprof__code_map_each(void (*visit)(struct code_entry *entry, void *arg),
                            void *arg);

/* What a replaced table takes; and gives it back. */
size_t sigprof__code_map_bytes(const struct code_table *table);
void sigprof__code_map_free(struct code_table *table);

#endif
