/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index: what was found out about addresses of one module, as a file of the
 * user's cache (index-files.c). Contracts: index.h.
 *
 *   +--------+-----------+--------+---------+
 *   | header | extents   | places | strings |
 *   +--------+-----------+--------+---------+
 *
 * An extent is a run of addresses with one answer: a line of an inlined
 * function in most cases, a whole function where there is only a symbol table.
 * What is asked again, and what is near it, needs no debug information then.
 * Answers that are not there are found out and added.
 *
 * Numbers are those of the machine: the cache is the user's on this machine,
 * and a file from another has another magic number. A file is believed when its
 * checksum is right and it was made from files of the same size and time. Whatever
 * is wrong with it, it is made anew.
 */
#include "index.h"

#include "../fold/store.h"
#include "index-files.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC UINT32_C(0x58504753) /* "SGPX" on little-endian machines */
#define VERSION 2                  /* of the layout, and of what answers say */

struct header {
    uint32_t magic, version;
    uint64_t files, size, checksum; /* of all that follows */
    uint32_t extent_count, place_count, string_bytes, reserved;
};

struct extent {
    uint64_t low, start;
    uint32_t size;
    uint32_t name, shown; /* offsets of strings; 0: none */
    uint32_t first_place, place_count;
    uint32_t reserved;
};

struct place {
    uint32_t name, shown, file, line;
};

struct sym_index {
    const struct header *header;
    const struct extent *extents;
    const struct place *places;
    const char *strings;
    struct sym_place **chains; /* by the first place; NULL: not made yet */
    struct sym_names *names;
};

/* ---- Numbers ------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Four sums side by side: one is bound by the time of a multiplication. */
static uint64_t checksum(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t a = size, b = 1, c = 2, d = 3, words[4];

    for (; size >= sizeof words; size -= sizeof words, at += sizeof words) {
        memcpy(words, at, sizeof words);
        a = mix(a, words[0]);
        b = mix(b, words[1]);
        c = mix(c, words[2]);
        d = mix(d, words[3]);
    }
    for (; size; size--)
        a = mix(a, *at++);
    return mix(mix(a, b), mix(c, d));
}

uint64_t sigprof__sym_index_files(uint64_t before,
                                  const struct sym_image *image)
{
    uint64_t own = 0;

    if (image->elf) {
        own = mix(mix(image->device, image->inode), image->size);
        own = mix(own, image->mtime_ns);
    }
    return mix(before, own);
}

/* ---- Reading ------------------------------------------------------------- */

static bool is_whole(const struct header *header, uint64_t size, uint64_t files)
{
    uint64_t need = sizeof *header;

    if (size < need || header->magic != MAGIC || header->version != VERSION ||
        header->size != size || header->files != files)
        return false;
    need += (uint64_t)header->extent_count * sizeof(struct extent) +
            (uint64_t)header->place_count * sizeof(struct place) +
            header->string_bytes;
    return need == size && header->string_bytes > 0 &&
           ((const char *)header)[size - 1] == '\0' &&
           checksum(header + 1, size - sizeof *header) == header->checksum;
}

void sigprof__sym_index_seal(void *bytes, size_t size)
{
    struct header *header = bytes;

    if (size < sizeof *header)
        return;
    header->magic = MAGIC;
    header->version = VERSION;
    header->size = size;
    header->checksum = checksum(header + 1, size - sizeof *header);
}

struct sym_index *sigprof__sym_index_of(const void *bytes, size_t size,
                                        uint64_t files, struct sym_names *names)
{
    const struct header *header = bytes;
    struct sym_index *index;
    size_t chains;

    if (!is_whole(header, size, files))
        return NULL;
    chains = ((size_t)header->place_count + 1) * sizeof *index->chains;
    index = sigprof__sym_keep(names, sizeof *index);
    if (!index)
        return NULL;
    index->header = header;
    index->names = names;
    index->extents = (const struct extent *)(header + 1);
    index->places =
        (const struct place *)(index->extents + header->extent_count);
    index->strings = (const char *)(index->places + header->place_count);
    index->chains = sigprof__sym_keep(names, chains);
    if (!index->chains)
        return NULL;
    memset(index->chains, 0, chains);
    return index;
}

struct sym_index *sigprof__sym_index_open(const struct sym_index_key *key,
                                          struct sym_names *names)
{
    size_t size;
    const void *bytes = sigprof__index_read(key, names, &size);

    return bytes ? sigprof__sym_index_of(bytes, size, key->files, names) : NULL;
}

static const char *string_at(const struct sym_index *index, uint32_t at)
{
    return at && at < index->header->string_bytes ? index->strings + at : NULL;
}

static struct sym_place *chain_at(struct sym_index *index,
                                  const struct extent *extent)
{
    uint32_t first = extent->first_place, count = extent->place_count;
    struct sym_place *chain;

    if (count == 0 || first >= index->header->place_count ||
        count > index->header->place_count - first)
        return NULL;
    if (index->chains[first])
        return index->chains[first];
    chain = sigprof__sym_keep(index->names, count * sizeof *chain);
    for (uint32_t i = 0; chain && i < count; i++) {
        const struct place *in = &index->places[first + i];

        chain[i] = (struct sym_place){.name = string_at(index, in->name),
                                      .shown = string_at(index, in->shown),
                                      .file = string_at(index, in->file),
                                      .line = in->line};
    }
    return index->chains[first] = chain;
}

static void answer_by(struct sym_index *index, const struct extent *extent,
                      struct sym_answer *answer)
{
    answer->name = string_at(index, extent->name);
    answer->shown = string_at(index, extent->shown);
    answer->start = extent->start;
    answer->places = chain_at(index, extent);
    answer->place_count = answer->places ? extent->place_count : 0;
}

size_t sigprof__sym_index_answer(struct sym_index *index,
                                 const uint64_t *addresses, size_t count,
                                 struct sym_answer *answers, bool *known)
{
    size_t extents = index->header->extent_count, at = 0, missing = 0;

    for (size_t i = 0; i < count; i++) {
        while (at + 1 < extents && index->extents[at + 1].low <= addresses[i])
            at++;
        known[i] =
            at < extents && addresses[i] >= index->extents[at].low &&
            addresses[i] - index->extents[at].low < index->extents[at].size;
        if (known[i])
            answer_by(index, &index->extents[at], &answers[i]);
        else
            missing++;
    }
    return missing;
}

/* ---- Making -------------------------------------------------------------- */

struct writer {
    struct extent *extents;
    size_t extent_count, extent_capacity;
    struct place *places;
    size_t place_count, place_capacity;
    char *text;
    size_t text_size, text_capacity;
    struct strings strings;
    uint32_t *offsets; /* of strings, in text */
    size_t offset_count, offset_capacity;
    const struct sym_place *last_chain;
    uint32_t last_first, last_count;
};

static uint32_t put_string(struct writer *writer, const char *string)
{
    uint32_t id;
    size_t size;

    if (!string)
        return 0;
    id = sigprof__strings_add(&writer->strings, sigprof__text(string));
    while (writer->offset_count <= id) {
        ARRAY_ROOM(writer->offsets, writer->offset_count,
                   writer->offset_capacity);
        writer->offsets[writer->offset_count++] = 0;
    }
    if (writer->offsets[id])
        return writer->offsets[id];
    size = strlen(string) + 1;
    if (writer->text_size + size > writer->text_capacity)
        writer->text = sigprof__store_grow(writer->text, &writer->text_capacity,
                                           writer->text_size + size, 1);
    memcpy(writer->text + writer->text_size, string, size);
    writer->offsets[id] = (uint32_t)writer->text_size;
    writer->text_size += size;
    return writer->offsets[id];
}

static uint32_t put_chain(struct writer *writer,
                          const struct sym_answer *answer)
{
    uint32_t first = (uint32_t)writer->place_count;

    if (answer->places == writer->last_chain &&
        answer->place_count == writer->last_count)
        return writer->last_first;
    for (uint32_t i = 0; i < answer->place_count; i++) {
        const struct sym_place *in = &answer->places[i];
        struct place out = {put_string(writer, in->name),
                            put_string(writer, in->shown),
                            put_string(writer, in->file), in->line};

        ARRAY_ROOM(writer->places, writer->place_count, writer->place_capacity);
        writer->places[writer->place_count++] = out;
    }
    writer->last_chain = answer->places;
    writer->last_first = first;
    writer->last_count = answer->place_count;
    return first;
}

/* Extents come ascending; one that is in the one before is that one. */
static void put_extent(struct writer *writer, uint64_t low, uint64_t high,
                       const struct sym_answer *answer)
{
    struct extent *last =
        writer->extent_count ? &writer->extents[writer->extent_count - 1] : 0;
    struct extent out = {.low = low, .start = answer->start};

    if (last && last->low + last->size >= high)
        return;
    if (last && last->low + last->size > low)
        out.low = low = last->low + last->size;
    out.size = high - low > UINT32_MAX ? UINT32_MAX : (uint32_t)(high - low);
    out.name = put_string(writer, answer->name);
    out.shown = put_string(writer, answer->shown);
    out.place_count = answer->place_count;
    out.first_place = put_chain(writer, answer);
    ARRAY_ROOM(writer->extents, writer->extent_count, writer->extent_capacity);
    writer->extents[writer->extent_count++] = out;
}

static void put_old(struct writer *writer, struct sym_index *old, size_t i)
{
    struct sym_answer answer = {0};

    answer_by(old, &old->extents[i], &answer);
    put_extent(writer, old->extents[i].low,
               old->extents[i].low + old->extents[i].size, &answer);
}

static void put_all(struct writer *writer, struct sym_index *old,
                    const uint64_t *addresses, size_t count,
                    const struct sym_answer *answers,
                    const struct sym_extent *extents)
{
    size_t old_count = old ? old->header->extent_count : 0, at = 0;

    for (size_t i = 0; i < count; i++) {
        struct sym_extent extent = extents[i];

        if (extent.low > addresses[i] || extent.high <= addresses[i])
            extent = (struct sym_extent){addresses[i], addresses[i] + 1};
        for (; at < old_count && old->extents[at].low < extent.low; at++)
            put_old(writer, old, at);
        put_extent(writer, extent.low, extent.high, &answers[i]);
    }
    for (; at < old_count; at++)
        put_old(writer, old, at);
}

/* One piece of memory: the checksum is over it, and one write. */
static char *assemble(const struct writer *writer, uint64_t files, size_t *size)
{
    size_t extents = writer->extent_count * sizeof *writer->extents;
    size_t places = writer->place_count * sizeof *writer->places;
    struct header header = {.files = files,
                            .extent_count = (uint32_t)writer->extent_count,
                            .place_count = (uint32_t)writer->place_count,
                            .string_bytes = (uint32_t)writer->text_size};
    char *bytes;

    *size = sizeof header + extents + places + writer->text_size;
    bytes = *size <= INDEX_FILE_MAX ? malloc(*size) : NULL;
    if (!bytes)
        return NULL;
    if (extents)
        memcpy(bytes + sizeof header, writer->extents, extents);
    if (places)
        memcpy(bytes + sizeof header + extents, writer->places, places);
    memcpy(bytes + sizeof header + extents + places, writer->text,
           writer->text_size);
    memcpy(bytes, &header, sizeof header);
    sigprof__sym_index_seal(bytes, *size);
    return bytes;
}

void sigprof__sym_index_keep(const struct sym_index_key *key,
                             struct sym_index *old, const uint64_t *addresses,
                             size_t count, const struct sym_answer *answers,
                             const struct sym_extent *extents)
{
    struct writer writer = {0};
    char *bytes;
    size_t size;

    if (!key->directory)
        return;
    sigprof__strings_init(&writer.strings);
    writer.text = sigprof__store_grow(NULL, &writer.text_capacity, 4096, 1);
    writer.text[writer.text_size++] = '\0'; /* offset 0 is no string */
    put_all(&writer, old, addresses, count, answers, extents);
    bytes = assemble(&writer, key->files, &size);
    if (bytes)
        sigprof__index_write(key, bytes, size);
    free(bytes);
    sigprof__strings_free(&writer.strings);
    free(writer.offsets);
    free(writer.text);
    free(writer.places);
    free(writer.extents);
}
