/* SPDX-License-Identifier: BSD-2-Clause */
/* What the event log has said. Theory and contract: catalogue.h. */
#include "catalogue.h"

#include <string.h>

#include "format.h"
#include "os/os.h"

/* The last end of something: of a module by UNLOAD, of a thread by EXIT. */
struct end {
    uint64_t key; /* 0: empty */
    uint64_t time_ns;
    size_t at; /* of its record */
};

struct ends {
    struct end *end; /* open-addressed */
    size_t slots;    /* a power of two */
};

static uint64_t key_of(unsigned type, uint64_t id)
{
    bool of_module = type == FORMAT_MODULE || type == FORMAT_UNLOAD;

    return (id << 2 | 2) + of_module; /* never 0 */
}

static struct end *find(const struct ends *ends, uint64_t key)
{
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 32);

    for (;; at++) {
        struct end *end = &ends->end[at & (ends->slots - 1)];

        if (end->key == key || end->key == 0)
            return end;
    }
}

static bool is_end(unsigned type)
{
    return type == FORMAT_UNLOAD || type == FORMAT_EXIT;
}

/* false: no memory. */
static bool ends_make(struct ends *ends, const uint8_t *records, size_t size)
{
    struct format_in in = {records, records + size, false}, body;
    size_t count = 0;
    unsigned type;

    while ((type = sigprof__get_record(&in, &body)))
        count += is_end(type);
    for (ends->slots = 16; ends->slots < 2 * count; ends->slots *= 2)
        ;
    ends->end = sigprof__os_map(ends->slots * sizeof *ends->end);
    if (!ends->end)
        return false;
    in = (struct format_in){records, records + size, false};
    for (size_t at = 0; (type = sigprof__get_record(&in, &body));
         at = (size_t)(in.at - records)) {
        uint64_t key = key_of(type, sigprof__get_varint(&body));

        if (is_end(type))
            *find(ends, key) =
                (struct end){key, sigprof__get_varint(&body), at};
    }
    return true;
}

static bool is_over(const struct ends *ends, unsigned type,
                    struct format_in body, size_t at, uint64_t before_ns)
{
    uint64_t id = sigprof__get_varint(&body);
    const struct end *end;

    if (is_end(type))
        return sigprof__get_varint(&body) < before_ns;
    if (type != FORMAT_MODULE && type != FORMAT_THREAD)
        return false;
    end = find(ends, key_of(type, id));
    return end->key && end->at > at && end->time_ns < before_ns;
}

size_t sigprof__records_still_true(uint8_t *to, const uint8_t *records,
                                   size_t size, uint64_t ended_before_ns)
{
    struct format_in in = {records, records + size, false}, body;
    struct ends ends;
    size_t used = 0, at = 0;
    unsigned type;

    if (!ends_make(&ends, records, size)) {
        memmove(to, records, size);
        return size;
    }
    while ((type = sigprof__get_record(&in, &body))) {
        size_t bytes = (size_t)(in.at - records) - at;

        if (!is_over(&ends, type, body, at, ended_before_ns)) {
            memmove(to + used, records + at, bytes);
            used += bytes;
        }
        at += bytes;
    }
    sigprof__os_unmap(ends.end, ends.slots * sizeof *ends.end);
    return used;
}

static bool make_room(struct catalogue *catalogue, size_t size)
{
    size_t room = catalogue->room ? catalogue->room : (size_t)64 << 10;
    uint8_t *bytes;

    if (catalogue->size + size <= catalogue->room)
        return true;
    while (room < catalogue->size + size)
        room *= 2;
    bytes = sigprof__os_map(room);
    if (!bytes)
        return false;
    if (catalogue->size)
        memcpy(bytes, catalogue->bytes, catalogue->size);
    sigprof__os_unmap(catalogue->bytes, catalogue->room);
    catalogue->bytes = bytes;
    catalogue->room = room;
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
