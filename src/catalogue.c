/* SPDX-License-Identifier: BSD-2-Clause */
/* What the event log has said. Theory and contract: catalogue.h. */
#include "catalogue.h"

#include <string.h>

#include "format.h"
#include "os/os.h"

/* A module, a thread or code without an end so far: its records, the last one first. */
struct begun {
    uint64_t key;  /* 0: empty */
    uint32_t last; /* number of its last record + 1; 0: none */
};

struct scan {
    struct begun *begun; /* open-addressed */
    size_t slots;        /* a power of two */
    uint32_t *before;    /* of each record: the one before of the same, as above */
    bool *is_over;       /* of each record */
    size_t records;
};

/* What an id is of; an INFO's is made of its key. */
enum kind { KIND_CODE, KIND_THREAD, KIND_MODULE, KIND_INFO };

static enum kind kind_of(unsigned type)
{
    if (type == FORMAT_MODULE || type == FORMAT_UNLOAD)
        return KIND_MODULE;
    if (type == FORMAT_INFO)
        return KIND_INFO;
    return type == FORMAT_THREAD || type == FORMAT_EXIT ? KIND_THREAD
                                                        : KIND_CODE;
}

static bool is_begin(unsigned type)
{
    return type == FORMAT_MODULE || type == FORMAT_THREAD ||
           type == FORMAT_CODE || type == FORMAT_CODE_MOVE;
}

static bool is_end(unsigned type)
{
    return type == FORMAT_UNLOAD || type == FORMAT_EXIT ||
           type == FORMAT_CODE_FREE;
}

static struct begun *find(const struct scan *scan, unsigned type, uint64_t id)
{
    uint64_t key = (id + 1) << 2 | kind_of(type); /* never 0 */
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 32);

    for (;; at++) {
        struct begun *begun = &scan->begun[at & (scan->slots - 1)];

        if (begun->key == 0)
            begun->key = key;
        if (begun->key == key)
            return begun;
    }
}

static void scan_drop(struct scan *scan)
{
    sigprof__os_unmap(scan->begun, scan->slots * sizeof *scan->begun);
    sigprof__os_unmap(scan->before, scan->records * sizeof *scan->before);
    sigprof__os_unmap(scan->is_over, scan->records * sizeof *scan->is_over);
}

/* false: no memory, or nothing to scan. */
static bool scan_make(struct scan *scan, const uint8_t *records, size_t size)
{
    struct format_in in = {records, records + size, false}, body;

    for (scan->records = 0; sigprof__get_record(&in, &body);)
        scan->records++;
    if (!scan->records)
        return false;
    for (scan->slots = 16; scan->slots < 2 * scan->records; scan->slots *= 2)
        ;
    scan->begun = sigprof__os_map(scan->slots * sizeof *scan->begun);
    scan->before = sigprof__os_map(scan->records * sizeof *scan->before);
    scan->is_over = sigprof__os_map(scan->records * sizeof *scan->is_over);
    if (scan->begun && scan->before && scan->is_over)
        return true;
    scan_drop(scan);
    return false;
}

static void see_end(struct scan *scan, struct begun *begun, uint32_t record,
                    bool is_over)
{
    scan->is_over[record] = is_over;
    for (uint32_t at = begun->last; is_over && at; at = scan->before[at - 1])
        scan->is_over[at - 1] = true;
    begun->last = 0;
}

/* A later INFO is in an earlier one's place. */
static void see_info(struct scan *scan, struct format_in *body, uint32_t record)
{
    size_t size;
    const uint8_t *key = sigprof__get_string(body, &size);
    uint64_t id = 0;
    struct begun *begun;

    while (size--)
        id = (id ^ *key++) * 0x100000001b3u;
    begun = find(scan, FORMAT_INFO, id & UINT64_MAX >> 3);
    if (begun->last)
        scan->is_over[begun->last - 1] = true;
    begun->last = record + 1;
}

static void look_for_ends(struct scan *scan, const uint8_t *records, size_t size,
                          uint64_t before_ns)
{
    struct format_in in = {records, records + size, false}, body;
    unsigned type;

    for (uint32_t i = 0; (type = sigprof__get_record(&in, &body)); i++) {
        uint64_t id = type == FORMAT_INFO ? 0 : sigprof__get_varint(&body);

        if (type == FORMAT_INFO) {
            see_info(scan, &body, i);
        } else if (is_begin(type)) {
            struct begun *begun = find(scan, type, id);

            scan->before[i] = begun->last;
            begun->last = i + 1;
        } else if (is_end(type)) {
            see_end(scan, find(scan, type, id), i,
                    sigprof__get_varint(&body) < before_ns);
        }
    }
}

size_t sigprof__records_still_true(uint8_t *to, const uint8_t *records,
                                   size_t size, uint64_t ended_before_ns)
{
    struct format_in in = {records, records + size, false}, body;
    struct scan scan;
    size_t used = 0, at = 0;

    if (!scan_make(&scan, records, size)) {
        memmove(to, records, size);
        return size;
    }
    look_for_ends(&scan, records, size, ended_before_ns);
    for (size_t i = 0; sigprof__get_record(&in, &body); i++) {
        size_t bytes = (size_t)(in.at - records) - at;

        if (!scan.is_over[i]) {
            memmove(to + used, records + at, bytes);
            used += bytes;
        }
        at += bytes;
    }
    scan_drop(&scan);
    return used;
}

static bool make_room(struct catalogue *catalogue, size_t size)
{
    size_t room = catalogue->room ? catalogue->room : (size_t)64 << 10;
    uint8_t *bytes, *old;
    size_t old_room;

    if (catalogue->size + size <= catalogue->room)
        return true;
    while (room < catalogue->size + size)
        room *= 2;
    bytes = sigprof__os_map(room);
    if (!bytes)
        return false;
    if (catalogue->size)
        memcpy(bytes, catalogue->bytes, catalogue->size);
    old = catalogue->bytes;
    old_room = catalogue->room;
    catalogue->bytes = bytes;
    catalogue->room = room;
    sigprof__os_unmap(old, old_room); /* last: a fork may come between */
    return true;
}

bool sigprof__catalogue_add(struct catalogue *catalogue, const uint8_t *records,
                            size_t size)
{
    if (!make_room(catalogue, size))
        return false;
    memcpy(catalogue->bytes + catalogue->size, records, size);
    catalogue->size += size;
    return true;
}

void sigprof__catalogue_compact(struct catalogue *catalogue,
                                uint64_t ended_before_ns)
{
    if (catalogue->size)
        catalogue->size = sigprof__records_still_true(
            catalogue->bytes, catalogue->bytes, catalogue->size,
            ended_before_ns);
}

void sigprof__catalogue_drop(struct catalogue *catalogue)
{
    sigprof__os_unmap(catalogue->bytes, catalogue->room);
    memset(catalogue, 0, sizeof *catalogue);
}
