/* SPDX-License-Identifier: BSD-2-Clause */
/* The slot table, handler's side, and the hash that both sides use. */
#include "threads-table.h"

/* Linear probing from a multiplicative hash; an entry is tid << 32 | index + 2.
 * Twice the slots there can be, so probes stay short. */
#define HASH_BITS 17
#define HASH_SIZE (1u << HASH_BITS)
#define PROBES_MAX 512u
#define ENTRY_EMPTY 0u
#define ENTRY_REMOVED 1u

_Atomic(struct slot *) slot_chunks[CHUNKS_MAX];
_Atomic uint32_t sigprof__handlers_inside;
static _Atomic uint64_t hash[HASH_SIZE]; /* .bss: pages come when used */

/* The value of the thread's slot when it was last looked up; 0: never.
 * initial-exec: never allocated lazily. */
static __thread uint32_t value_of_self
    __attribute__((tls_model("initial-exec")));

static uint32_t first_probe(int tid)
{
    return (uint32_t)tid * 2654435769u >> (32 - HASH_BITS);
}

static uint64_t entry_of(int tid, uint32_t index)
{
    return (uint64_t)(uint32_t)tid << 32 | (index + 2);
}

/* The place of tid, or -1. */
static int32_t find_entry(int tid)
{
    for (uint32_t i = 0; i < PROBES_MAX; i++) {
        uint32_t at = (first_probe(tid) + i) % HASH_SIZE;
        uint64_t entry =
            atomic_load_explicit(&hash[at], memory_order_acquire);

        if (entry == ENTRY_EMPTY)
            return -1;
        if (entry >> 32 == (uint32_t)tid)
            return (int32_t)at;
    }
    return -1;
}

bool slot_hash_put(int tid, uint32_t index)
{
    for (uint32_t i = 0; i < PROBES_MAX; i++) {
        uint32_t at = (first_probe(tid) + i) % HASH_SIZE;
        uint64_t entry = atomic_load(&hash[at]);

        if (entry != ENTRY_EMPTY && entry != ENTRY_REMOVED)
            continue;
        atomic_store_explicit(&hash[at], entry_of(tid, index),
                              memory_order_release);
        return true;
    }
    return false;
}

/* A chain of removed entries that ends at an empty one is emptied too. */
void slot_hash_remove(int tid)
{
    int32_t found = find_entry(tid);

    if (found < 0)
        return;
    uint32_t at = (uint32_t)found;
    atomic_store(&hash[at], ENTRY_REMOVED);
    if (atomic_load(&hash[(at + 1) % HASH_SIZE]) != ENTRY_EMPTY)
        return;
    for (unsigned i = 0; i < PROBES_MAX; i++) {
        if (atomic_load(&hash[at]) != ENTRY_REMOVED)
            return;
        atomic_store(&hash[at], ENTRY_EMPTY);
        at = (at - 1) % HASH_SIZE;
    }
}

struct slot *sigprof__slot_of_value(uint32_t value)
{
    uint32_t index = value & SLOT_INDEX_MASK;
    struct slot *chunk = atomic_load_explicit(
        &slot_chunks[index / SLOTS_IN_CHUNK], memory_order_acquire);
    struct slot *slot;

    if (!chunk)
        return NULL;
    slot = &chunk[index % SLOTS_IN_CHUNK];
    /* The tick that carries it was armed when all of the slot was written. */
    (void)atomic_load_explicit(&slot->life, memory_order_acquire);
    return atomic_load_explicit(&slot->value, memory_order_relaxed) == value
               ? slot
               : NULL;
}

struct slot *sigprof__slot_of_thread(int tid)
{
    int32_t at = find_entry(tid);
    uint32_t index;

    if (at < 0)
        return NULL;
    index = (uint32_t)atomic_load_explicit(&hash[at], memory_order_relaxed) - 2;
    return index <= SLOT_INDEX_MASK ? slot_at(index) : NULL;
}

/* A slot that was reused has another value; a free one may be so for good. */
struct slot *sigprof__slot_of_self(void)
{
    struct slot *slot =
        value_of_self ? sigprof__slot_of_value(value_of_self) : NULL;

    if (slot &&
        atomic_load_explicit(&slot->life, memory_order_acquire) == SLOT_LIVE)
        return slot;
    slot = sigprof__slot_of_thread(sigprof__os_tid());
    value_of_self = slot ? slot->value : 0;
    return slot;
}
