/* SPDX-License-Identifier: BSD-2-Clause */
/* What handlers may still read. Contract: retired.h. */
#include "jit/retired.h"

#include <stddef.h>

#include "events-log.h"
#include "jit/map-write.h"
#include "jit/region.h"
#include "threads.h"

#define SYNCHRONIZE_MS 20
#define MUCH_BYTES ((size_t)4 << 20)

struct retired {
    struct code_region *regions;
    struct code_table *tables;
    size_t bytes;
};

static struct retired retired;
static bool is_much;

static void count(size_t bytes)
{
    size_t before = retired.bytes;

    retired.bytes += bytes;
    if (before / MUCH_BYTES != retired.bytes / MUCH_BYTES)
        is_much = true;
}

void sigprof__retire(struct code_region *region)
{
    if (!region->table_bytes) { /* handlers do not read it */
        sigprof__region_drop(region);
        return;
    }
    region->next = retired.regions;
    retired.regions = region;
    count(sigprof__region_room(region));
}

void sigprof__retire_table(struct code_table *table)
{
    if (!table)
        return;
    table->retired = retired.tables;
    retired.tables = table;
    count(sigprof__code_map_bytes(table));
}

bool sigprof__retired_is_much(void)
{
    bool much = is_much;

    is_much = false;
    return much;
}

static struct retired take_all(void)
{
    struct retired all;

    sigprof__events_lock();
    all = retired;
    retired = (struct retired){NULL, NULL, 0};
    sigprof__events_unlock();
    return all;
}

static void put_back(const struct retired *all)
{
    struct code_region **regions = &retired.regions;
    struct code_table **tables = &retired.tables;

    while (*regions)
        regions = &(*regions)->next;
    while (*tables)
        tables = &(*tables)->retired;
    *regions = all->regions;
    *tables = all->tables;
    retired.bytes += all->bytes;
}

static void give_back(struct code_region *region)
{
    while (region) {
        struct code_region *next = region->next;

        sigprof__region_drop(region);
        region = next;
    }
}

static void unmap(struct code_table *table)
{
    while (table) {
        struct code_table *next = table->retired;

        sigprof__code_map_free(table);
        table = next;
    }
}

void sigprof__retired_free(void)
{
    struct retired all = take_all();
    bool good;

    if (!all.bytes)
        return;
    good = sigprof__threads_synchronize(SYNCHRONIZE_MS);
    sigprof__events_lock();
    if (good)
        give_back(all.regions);
    else
        put_back(&all);
    sigprof__events_unlock();
    if (good)
        unmap(all.tables);
}
