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
 * One writer at a time (code.c's lock). An entry is written once, its start
 * last; it dies by a store to its rule, and its place is not used again before
 * the table is made anew, but for code that is like it to the byte. Readers may
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

/* What a search looks at, four to a cache line. */
struct code_span {
    _Atomic uintptr_t start; /* 0: a place never used */
    uintptr_t end;
};

struct code_entry {
    uintptr_t start;
    uintptr_t end;
    _Atomic uint32_t rule;   /* enum code_rule */
    uint32_t frame_bytes;    /* of CODE_FRAME */
    const struct module_cfi *cfi; /* of CODE_CFI; else NULL */
    struct code_region *region; /* code.c's; not for the handler */
};

/* CODE_NAMED: nothing is known but the name; readers do not find it. */
enum code_rule {
    CODE_DEAD,
    CODE_NAMED,
    CODE_FP,
    CODE_FRAME,
    CODE_CFI,
    CODE_UNKNOWN
};

struct code_table {
    uint32_t mask;    /* places - 1 */
    uint32_t used;    /* dead ones too; the writer's */
    uint32_t live;    /* the writer's */
    _Atomic uint64_t classes; /* bit k: some region is in class k */
    struct code_entry *entry; /* as many */
    struct code_table *retired; /* code.c's */
    struct code_span span[];
};

/* NULL before the first registration. */
extern _Atomic(struct code_table *) sigprof__code_table;

#define CODE_CLASS_MIN 10u /* what a JIT makes next is in a bucket still hot */
#define CODE_CLASS_MAX 31u /* 2 GiB */

static inline unsigned code_class(size_t bytes)
{
    unsigned k = CODE_CLASS_MIN;

    while (k < CODE_CLASS_MAX && ((size_t)1 << k) < bytes)
        k++;
    return k;
}

static inline uint32_t code_hash(uintptr_t bucket, unsigned k)
{
    uint64_t mixed = ((uint64_t)bucket + ((uint64_t)k << 58)) *
                     0x9e3779b97f4a7c15u;

    return (uint32_t)(mixed >> 32);
}

/*
 * Signal-safe. The region that holds address, or NULL. What it shows stays
 * mapped until the handler leaves.
 */
const struct code_entry *sigprof__code_find(uintptr_t address);

#endif
