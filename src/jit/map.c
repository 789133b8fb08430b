/* SPDX-License-Identifier: BSD-2-Clause */
/* The map of generated code, writer's side: map.h, map-write.h. */
#include "jit/map-write.h"

#include "os/os.h"

#define PLACES_MIN 1024u

/* No live code is at this address or above. Most code is put behind all other. */
static uintptr_t top;

static size_t table_bytes(uint32_t places)
{
    return sizeof(struct code_table) + places * sizeof(struct code_entry);
}

static struct code_table *current(void)
{
    return atomic_load_explicit(&sigprof__code_table, memory_order_relaxed);
}

static uintptr_t start_of(const struct code_entry *entry)
{
    return atomic_load_explicit(&entry->start, memory_order_relaxed);
}

static uint32_t rule_of(const struct code_entry *entry)
{
    return atomic_load_explicit(&entry->rule, memory_order_relaxed);
}

static bool is_live(const struct code_entry *entry)
{
    return rule_of(entry) > CODE_GONE;
}

/* Is that a dead one like entry, but for its region? */
static bool is_like(const struct code_entry *dead,
                    const struct code_entry *entry)
{
    return start_of(dead) == start_of(entry) && dead->bytes == entry->bytes &&
           rule_of(dead) == CODE_DEAD && rule_of(entry) != CODE_CFI &&
           dead->by.frame_bytes == entry->by.frame_bytes;
}

static void revive(struct code_table *table, struct code_entry *dead,
                   const struct code_entry *entry)
{
    dead->region = entry->region;
    atomic_store_explicit(&dead->rule, rule_of(entry), memory_order_release);
    table->live++;
}

static void fill(struct code_table *table, struct code_entry *to,
                 const struct code_entry *entry)
{
    uint64_t class = (uint64_t)1 << code_class(entry->bytes);

    if (start_of(entry) + entry->bytes > top)
        top = start_of(entry) + entry->bytes;
    to->bytes = entry->bytes;
    to->by = entry->by;
    to->region = entry->region;
    atomic_store_explicit(&to->rule, rule_of(entry), memory_order_relaxed);
    atomic_store_explicit(&to->start, start_of(entry), memory_order_release);
    if (!(atomic_load_explicit(&table->classes, memory_order_relaxed) & class))
        atomic_fetch_or_explicit(&table->classes, class, memory_order_release);
    table->used++;
    table->live++;
}

/* There is a free place: the table is never full. Code that comes and goes in one
 * place would leave a row of dead entries that every search there passes: what a
 * reader sees of a dead one does not change when it lives again as it was. */
static void place(struct code_table *table, const struct code_entry *entry)
{
    unsigned k = code_class(entry->bytes);
    struct code_search search = code_search(table, start_of(entry) >> k, k);

    for (;; code_next(&search)) {
        struct code_entry *cell = &table->entry[code_place(table, &search)];

        for (unsigned i = 0; i < CODE_CELL; i++) {
            if (!start_of(&cell[i])) {
                fill(table, &cell[i], entry);
                return;
            }
            if (is_like(&cell[i], entry)) {
                revive(table, &cell[i], entry);
                return;
            }
        }
    }
}

/* Of 16 places 10 are used at most, dead ones too, and 5 are by what comes along
 * to a new table: so most buckets are in their cell. */
bool sigprof__code_map_room(struct code_table **replaced)
{
    struct code_table *old = current();
    uint32_t live = old ? old->live : 0;
    uint32_t places = PLACES_MIN;
    struct code_table *table;

    *replaced = NULL;
    if (old && old->used < (old->mask + 1) / 16 * 10)
        return true;
    while (places / 16 * 5 < live)
        places *= 2;
    table = sigprof__os_map_at_once(table_bytes(places));
    if (!table)
        return false;
    top = 0;
    table->mask = places - 1;
    table->shift = 64u - (unsigned)__builtin_ctz(places / CODE_CELL) +
                   CODE_GROUP_LOG;
    for (uint32_t i = 0; old && i <= old->mask; i++)
        if (start_of(&old->entry[i]) && is_live(&old->entry[i]))
            place(table, &old->entry[i]);
    atomic_store_explicit(&sigprof__code_table, table, memory_order_release);
    *replaced = old;
    return true;
}

void sigprof__code_map_soon(uintptr_t start, size_t bytes)
{
    const struct code_table *table = current();
    unsigned k = code_class(bytes);
    const struct code_entry *cell;
    struct code_search search;

    if (!table)
        return;
    search = code_search(table, start >> k, k);
    cell = &table->entry[code_place(table, &search)];
    for (unsigned i = 0; i < 2 * CODE_CELL; i += 2) /* and the next code's */
        __builtin_prefetch(cell + i, 1);
}

void sigprof__code_map_add(const struct code_entry *entry)
{
    place(current(), entry);
}

struct code_region *sigprof__code_map_kill(struct code_entry *entry)
{
    uint32_t dead = rule_of(entry) == CODE_CFI ? CODE_GONE : CODE_DEAD;

    atomic_store_explicit(&entry->rule, dead, memory_order_release);
    current()->live--;
    return entry->region;
}

static bool overlaps(const struct code_entry *entry, uintptr_t low,
                     uintptr_t high)
{
    uintptr_t start = start_of(entry);

    return start < high && start + entry->bytes > low && is_live(entry);
}

static struct code_entry *overlapping(struct code_search search, uintptr_t low,
                                      uintptr_t high)
{
    struct code_table *table = current();

    for (;; code_next(&search)) {
        struct code_entry *cell = &table->entry[code_place(table, &search)];

        for (unsigned i = 0; i < CODE_CELL; i++) {
            if (!start_of(&cell[i]))
                return NULL;
            if (overlaps(&cell[i], low, high))
                return &cell[i];
        }
    }
}

static struct code_entry *overlapping_anywhere(uintptr_t low, uintptr_t high)
{
    struct code_table *table = current();

    for (uint32_t at = 0; at <= table->mask; at++)
        if (start_of(&table->entry[at]) &&
            overlaps(&table->entry[at], low, high))
            return &table->entry[at];
    return NULL;
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
    if (last - first > table->mask)
        return overlapping_anywhere(low, high);
    for (; first <= last && !entry; first++)
        entry = overlapping(code_search(table, first, k), low, high);
    return entry;
}

struct code_entry *sigprof__code_map_overlap(uintptr_t low, uintptr_t high)
{
    struct code_table *table = current();
    uint64_t classes = table && low < top
                           ? atomic_load_explicit(&table->classes,
                                                  memory_order_relaxed)
                           : 0;

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

    return entry && start_of(entry) == start ? entry : NULL;
}

void sigprof__code_map_each(void (*visit)(struct code_entry *entry, void *arg),
                            void *arg)
{
    struct code_table *table = current();

    for (uint32_t i = 0; table && i <= table->mask; i++)
        if (start_of(&table->entry[i]) && is_live(&table->entry[i]))
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
