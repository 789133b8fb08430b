/* SPDX-License-Identifier: BSD-2-Clause */
/* The map of generated code, writer's side: map.h, map-write.h. */
#include "jit/map-write.h"

#include "os/os.h"

#define PLACES_MIN 1024u

static size_t table_bytes(uint32_t places)
{
    return sizeof(struct code_table) +
           places * (sizeof(struct code_span) + sizeof(struct code_entry));
}

static struct code_table *current(void)
{
    return atomic_load_explicit(&sigprof__code_table, memory_order_relaxed);
}

static bool is_live(const struct code_entry *entry)
{
    return atomic_load_explicit(&entry->rule, memory_order_relaxed) !=
           CODE_DEAD;
}

static bool is_used(const struct code_table *table, uint32_t at)
{
    return atomic_load_explicit(&table->span[at].start,
                                memory_order_relaxed) != 0;
}

/* Is that a dead one like entry, but for its region? */
static bool is_like(const struct code_entry *dead,
                    const struct code_entry *entry)
{
    return !is_live(dead) && dead->start == entry->start &&
           dead->end == entry->end &&
           dead->frame_bytes == entry->frame_bytes && !dead->cfi && !entry->cfi;
}

static void revive(struct code_table *table, struct code_entry *dead,
                   const struct code_entry *entry)
{
    dead->region = entry->region;
    atomic_store_explicit(&dead->rule, atomic_load(&entry->rule),
                          memory_order_release);
    table->live++;
}

/* There is a free place: the table is never full. Code that comes and goes in one
 * place would leave a row of dead entries that every search there passes: what a
 * reader sees of a dead one does not change when it lives again as it was. */
static void place(struct code_table *table, const struct code_entry *entry)
{
    unsigned k = code_class(entry->end - entry->start);
    uint32_t at = code_hash(entry->start >> k, k) & table->mask;
    struct code_entry *to;

    for (; is_used(table, at); at = (at + 1) & table->mask) {
        if (!is_like(&table->entry[at], entry))
            continue;
        revive(table, &table->entry[at], entry);
        return;
    }
    to = &table->entry[at];
    to->start = entry->start;
    to->end = entry->end;
    to->frame_bytes = entry->frame_bytes;
    to->cfi = entry->cfi;
    to->region = entry->region;
    atomic_store_explicit(&to->rule, atomic_load(&entry->rule),
                          memory_order_relaxed);
    table->span[at].end = entry->end;
    atomic_store_explicit(&table->span[at].start, entry->start,
                          memory_order_release);
    atomic_fetch_or_explicit(&table->classes, (uint64_t)1 << k,
                             memory_order_release);
    table->used++;
    table->live++;
}

/* What is dead does not come along. */
bool sigprof__code_map_room(struct code_table **replaced)
{
    struct code_table *old = current();
    uint32_t live = old ? old->live : 0;
    uint32_t places = PLACES_MIN;
    struct code_table *table;

    *replaced = NULL;
    if (old && old->used + 1 <= (old->mask + 1) / 4 * 3)
        return true;
    while (places / 2 <= live)
        places *= 2;
    table = sigprof__os_map(table_bytes(places));
    if (!table)
        return false;
    table->mask = places - 1;
    table->entry = (struct code_entry *)(void *)(table->span + places);
    for (uint32_t i = 0; old && i <= old->mask; i++)
        if (is_used(old, i) && is_live(&old->entry[i]))
            place(table, &old->entry[i]);
    atomic_store_explicit(&sigprof__code_table, table, memory_order_release);
    *replaced = old;
    return true;
}

void sigprof__code_map_add(const struct code_entry *entry)
{
    place(current(), entry);
}

struct code_region *sigprof__code_map_kill(struct code_entry *entry)
{
    atomic_store_explicit(&entry->rule, CODE_DEAD, memory_order_release);
    current()->live--;
    return entry->region;
}

static struct code_entry *overlapping(uint32_t at, uintptr_t low,
                                      uintptr_t high)
{
    struct code_table *table = current();

    for (;; at = (at + 1) & table->mask) {
        uintptr_t start = atomic_load_explicit(&table->span[at].start,
                                               memory_order_relaxed);

        if (start == 0)
            return NULL;
        if (start < high && table->span[at].end > low &&
            is_live(&table->entry[at]))
            return &table->entry[at];
    }
}

/* In class k, whose buckets may be more than there are places. */
static struct code_entry *overlapping_in_class(unsigned k, uintptr_t low,
                                               uintptr_t high)
{
    struct code_table *table = current();
    uintptr_t first = low >> k, last = (high - 1) >> k;
    struct code_entry *entry = NULL;

    if (first)
        first--;
    if (last - first > table->mask) {
        for (uint32_t at = 0; at <= table->mask && !entry; at++)
            if (is_used(table, at))
                entry = overlapping(at, low, high);
        return entry;
    }
    for (; first <= last && !entry; first++)
        entry = overlapping(code_hash(first, k) & table->mask, low, high);
    return entry;
}

struct code_entry *sigprof__code_map_overlap(uintptr_t low, uintptr_t high)
{
    struct code_table *table = current();
    uint64_t classes = table ? atomic_load(&table->classes) : 0;

    for (; classes; classes &= classes - 1) {
        struct code_entry *entry = overlapping_in_class(
            (unsigned)__builtin_ctzll(classes), low, high);

        if (entry)
            return entry;
    }
    return NULL;
}

struct code_entry *sigprof__code_map_at(uintptr_t start)
{
    struct code_entry *entry =
        start < UINTPTR_MAX ? sigprof__code_map_overlap(start, start + 1)
                            : NULL;

    return entry && entry->start == start ? entry : NULL;
}

void sigprof__code_map_each(void (*visit)(struct code_entry *entry, void *arg),
                            void *arg)
{
    struct code_table *table = current();

    for (uint32_t i = 0; table && i <= table->mask; i++)
        if (is_used(table, i) && is_live(&table->entry[i]))
            visit(&table->entry[i], arg);
}

size_t sigprof__code_map_bytes(const struct code_table *table)
{
    return table_bytes(table->mask + 1);
}

void sigprof__code_map_free(struct code_table *table)
{
    sigprof__os_unmap(table, sigprof__code_map_bytes(table));
}
