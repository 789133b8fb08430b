/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to the generated code that holds it, for the handler: a hash
 * table without locks.
 *
 * A region of up to 2^k bytes, and more than half of that unless k is the smallest
 * there is, is in class k and has its entry under (k, start >> k). So an address in it finds it under its own
 * address >> k or the one below, and a look-up asks twice for each class there
 * is: regions may have any size, and none is in more than one place.
 *
 * One writer at a time (the event log's lock, see code.h). An entry is written once,
 * its start last; it dies by a store to its rule, and its place is not used again
 * before the table is made anew, but for code that is like it to the byte. Readers may
 * find the old table meanwhile, so that is given back when no handler is inside.
 */
#ifndef SIGPROF_JIT_MAP_H
#define SIGPROF_JIT_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module_cfi;
struct code_region;

/* Two to a cache line: what a search looks at, and what it is for. */
struct code_entry {
    _Atomic uintptr_t start; /* 0: a place never used */
    uint32_t bytes;
    _Atomic uint32_t rule; /* enum code_rule */
    union {
        uint32_t frame_bytes;         /* of CODE_FRAME */
        const struct module_cfi *cfi; /* of CODE_CFI */
    } by;
    struct code_region *region; /* code.c's; not for the handler */
};

/* CODE_NAMED: nothing is known but the name; readers do not find it. */
enum code_rule {
    CODE_DEAD, /* may live again as it was */
    CODE_GONE, /* had tables */
    CODE_NAMED,
    CODE_FP,
    CODE_FRAME,
    CODE_CFI,
    CODE_UNKNOWN
};

/* A bucket begins with the places of its cell, two cache lines. Cells of code side by
 * side are side by side, or each new page of code would miss caches and the TLB; what
 * a full one has no place for is in the cell so many steps on, where the next's is
 * beside it again. */
#define CODE_CELL 4u
#define CODE_GROUP_LOG 4u /* cells that are side by side */

struct code_table {
    uint32_t mask;    /* places - 1 */
    uint32_t shift;   /* of a hash, to the number of a group of cells */
    uint32_t used;    /* dead ones too; the writer's */
    uint32_t live;    /* the writer's */
    _Atomic uint64_t classes; /* bit k: some region is in class k */
    struct code_table *retired; /* code.c's */
    _Alignas(64) struct code_entry entry[];
};

/* NULL before the first registration. */
extern _Atomic(struct code_table *) sigprof__code_table;

#define CODE_CLASS_MIN 10u /* what a JIT makes next is in a bucket still hot */
#define CODE_CLASS_MAX 31u /* 2 GiB */

static inline unsigned code_class(size_t bytes)
{
    unsigned k = CODE_CLASS_MIN;

    if (bytes > (size_t)1 << CODE_CLASS_MIN)
        k = 64u - (unsigned)__builtin_clzll((uint64_t)bytes - 1);
    return k < CODE_CLASS_MAX ? k : CODE_CLASS_MAX;
}

/* Where a search is: a cell, and how far it is to the next. */
struct code_search {
    uint32_t cell, step;
};

static inline struct code_search code_search(const struct code_table *table,
                                             uintptr_t bucket, unsigned k)
{
    uint64_t group = (uint64_t)(bucket >> CODE_GROUP_LOG) + ((uint64_t)k << 58);
    uint64_t mixed = group * 0x9e3779b97f4a7c15u; /* neighbours far apart */
    uint32_t in_group = bucket & ((1u << CODE_GROUP_LOG) - 1);

    return (struct code_search){
        (uint32_t)(mixed >> table->shift) << CODE_GROUP_LOG | in_group,
        (uint32_t)(mixed >> 16) | 1}; /* odd: it comes to all cells */
}

/* The first place of the cell. */
static inline uint32_t code_place(const struct code_table *table,
                                  const struct code_search *search)
{
    return search->cell * CODE_CELL & table->mask;
}

static inline void code_next(struct code_search *search)
{
    search->cell += search->step;
}

/* Of an entry that has a start. */
static inline bool code_holds(const struct code_entry *entry, uintptr_t start,
                              uintptr_t address)
{
    return address >= start && address - start < entry->bytes;
}

/*
 * Signal-safe. The region that holds address, or NULL. What it shows stays
 * mapped until the handler leaves.
 */
const struct code_entry *sigprof__code_find(uintptr_t address);

#endif
