/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed rules by address, for all threads: in one of a pair of words, by a tag.
 * Signal-safe. A word is never seen half written.
 *
 * The tag is the low half of the address; the pair's number is its high half (16
 * bits) turned by a function of the low half. So the two together give back the
 * address, and an entry can never be taken for another's. The function keeps a
 * page of code in half a page of the cache, for the sake of the TLB and of memory,
 * and is short: a walk waits for it with each frame.
 */
#ifndef SIGPROF_UNWIND_CACHE_H
#define SIGPROF_UNWIND_CACHE_H

#include "unwind/packed.h"
#include "unwind/walker.h"

/* Where an address has its entry. */
struct cache_place {
    _Atomic uint64_t *pair;
    uint32_t tag;
};

static inline struct cache_place cache_place(const struct walker *w, uintptr_t key)
{
    uint32_t low = (uint32_t)key;
    uint32_t page = low >> 12 & 511;
    uint32_t in_page = (low >> 5 ^ low) & 127;
    uint32_t pair =
        (page << 7 | in_page) ^ ((uint32_t)((uint64_t)key >> 32) & 0xffff);
    struct cache_place place;

    place.pair = sigprof__cfi_cache + 2 * (uintptr_t)pair;
    place.tag = low ^ w->snapshot->unloads * 0x85ebca6bu;
    return place;
}

static inline uint32_t cache_get(struct cache_place place)
{
    uint64_t first, second;

    if (!sigprof__cfi_cache)
        return PACKED_UNKNOWN;
    first = atomic_load_explicit(&place.pair[0], memory_order_relaxed);
    second = atomic_load_explicit(&place.pair[1], memory_order_relaxed);
    /* A select, not a jump: which of the two it is cannot be predicted. */
    first = (uint32_t)(first >> 32) == place.tag ? first : second;
    return (uint32_t)(first >> 32) == place.tag ? (uint32_t)first
                                                : (uint32_t)PACKED_UNKNOWN;
}

/* The new one goes first, the former first one second. */
static inline void cache_put(struct cache_place place, uint32_t rule)
{
    uint64_t word = (uint64_t)place.tag << 32 | rule;

    if (!sigprof__cfi_cache)
        return;
    atomic_store_explicit(
        &place.pair[1],
        atomic_load_explicit(&place.pair[0], memory_order_relaxed),
        memory_order_relaxed);
    atomic_store_explicit(&place.pair[0], word, memory_order_relaxed);
}

#endif
