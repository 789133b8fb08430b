/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two sides of the slot table share: the chunks, and the hash from
 * thread id to slot. Writers hold threads_lock; the handler reads.
 */
#ifndef SIGPROF_THREADS_TABLE_H
#define SIGPROF_THREADS_TABLE_H

#include "threads.h"

#define SLOT_INDEX_BITS 16
#define SLOT_INDEX_MASK ((1u << SLOT_INDEX_BITS) - 1)
#define SLOT_VALUE_MASK ((1u << 24) - 1) /* what a system need carry */
#define SLOTS_IN_CHUNK 64u /* 1.5 MiB of address space, touched when used */
#define CHUNKS_MAX ((1u << SLOT_INDEX_BITS) / SLOTS_IN_CHUNK)
#define RING_SPARE_BLOCKS 8u /* threads that may start between two drains */

extern _Atomic(struct slot *) slot_chunks[CHUNKS_MAX];
extern uint32_t slots_made; /* threads_lock */

/* index must be below slots_made. */
static inline struct slot *slot_at(uint32_t index)
{
    return &atomic_load_explicit(&slot_chunks[index / SLOTS_IN_CHUNK],
                                 memory_order_acquire)[index % SLOTS_IN_CHUNK];
}

static inline bool slot_is_live(const struct slot *slot)
{
    return atomic_load(&slot->life) == SLOT_LIVE;
}

/* At a start: stacks have this depth from now on. 0 or a SIGPROF_E… code. */
int slot_table_begin(unsigned depth);

/* threads_lock. One that no thread has; NULL: no memory. */
struct slot *slot_take(void);

/* threads_lock. false: no memory for the hash. */
bool slot_hash_put(int tid, uint32_t index);
void slot_hash_remove(int tid);

/* threads_lock. Deletes every thread's timer: the clock is about to change. */
void sigprof__threads_disarm_all_locked(void);

#endif
