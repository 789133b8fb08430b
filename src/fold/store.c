/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing arrays, an index by hash, interned strings. Contracts: store.h. */
#include "store.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK_BYTES                                                            \
    (64u << 10) /* strings are short: one malloc per thousands */
#define FORMAT_BYTES (64u << 10)

static bool quiet; /* a process that works for this one */

void sigprof__store_quietly(void)
{
    quiet = true;
}

static void *must(void *memory)
{
    if (memory)
        return memory;
    if (quiet)
        _exit(1); /* what stdio holds is the parent's */
    fputs("sigprof-fold: out of memory\n", stderr);
    exit(1);
}

#define SMALL_BYTES ((size_t)64 << 10) /* nobody misses three times as much */
#define SMALL_SLOTS ((size_t)16 << 10) /* the same of an index */
#define LARGE_BYTES ((size_t)8 << 20)  /* a few huge pages */

/* What is looked up at random costs a miss of the address cache each time,
 * unless its pages are large. Where there are none it is only slower. */
static void use_large_pages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t page = 4096, from = (uintptr_t)memory;
    uintptr_t first = (from + page - 1) & ~(page - 1);

    if (bytes >= LARGE_BYTES)
        madvise((void *)first, (from + bytes - first) & ~(page - 1),
                MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

/*
 * A short run is to a quarter faults of pages, one for each 4 KiB that it
 * touches. The C library gives back to the system what is freed and takes it
 * again at once; up to here it is kept, and its pages are large.
 */
#define KEPT_BYTES ((size_t)16 << 20)

void sigprof__store_begin(void)
{
#ifdef M_MMAP_THRESHOLD
    void *heap;

    mallopt(M_MMAP_THRESHOLD, (int)KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, 2 * (int)KEPT_BYTES);
    mallopt(M_TOP_PAD, (int)KEPT_BYTES / 8);
    heap = malloc(KEPT_BYTES - 4096);
    if (heap)
        use_large_pages(heap, KEPT_BYTES - 4096);
    free(heap);
#endif
}

void *sigprof__store_grow(void *old, size_t *capacity, size_t need, size_t item)
{
    size_t room = *capacity ? *capacity : 16;

    if (old && need <= *capacity)
        return old;
    while (room < need) {
        if (room > SIZE_MAX / 4 / item)
            must(NULL);
        room *= room * item < SMALL_BYTES ? 4 : 2;
    }
    old = must(realloc(old, room * item));
    use_large_pages(old, room * item);
    *capacity = room;
    return old;
}

/* Eight bytes a step: names are hashed once per symbol, not per sample. */
uint32_t sigprof__hash_bytes(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = size * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t word;

    for (; size >= 8; size -= 8, at += 8) {
        memcpy(&word, at, 8);
        hash = (hash ^ word) * UINT64_C(0xd6e8feb86659fd93);
        hash ^= hash >> 32;
    }
    word = 0;
    if (size)
        memcpy(&word, at, size);
    return sigprof__hash_mix(hash ^ word);
}

static void index_resize(struct index *index, size_t slots)
{
    struct index_slot *old = index->slots;
    size_t old_slots = old ? index->mask + 1 : 0;

    index->slots = must(calloc(slots, sizeof *index->slots));
    use_large_pages(index->slots, slots * sizeof *index->slots);
    index->mask = slots - 1;
    for (size_t i = 0; i < old_slots; i++) {
        size_t at = old[i].hash & index->mask;

        if (!old[i].id)
            continue;
        while (index->slots[at].id)
            at = (at + 1) & index->mask;
        index->slots[at] = old[i];
    }
    free(old);
}

void sigprof__index_room(struct index *index)
{
    if (!index->slots)
        index_resize(index, 64);
    else if (index->used * 4 >= index->mask * 3)
        index_resize(index, (index->mask + 1) *
                                (index->mask < SMALL_SLOTS ? 4 : 2));
}

void sigprof__index_reserve(struct index *index, size_t more)
{
    size_t slots = index->slots ? index->mask + 1 : 64;

    while ((index->used + more) * 4 >= (slots - 1) * 3)
        slots *= 2;
    if (!index->slots || slots > index->mask + 1)
        index_resize(index, slots);
}

/* ---- Sorting ------------------------------------------------------------- */

#define FEW_ITEMS 32 /* counting bytes costs more than so few comparisons */

static void sort_few(struct sort_item *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sort_item item = items[i];
        size_t at = i;

        for (; at > 0 && items[at - 1].key > item.key; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

/* By one byte of the key. */
static void sort_by_byte(const struct sort_item *from, struct sort_item *to,
                         size_t count, unsigned shift)
{
    size_t next[256] = {0}, sum = 0;

    for (size_t i = 0; i < count; i++)
        next[from[i].key >> shift & 0xff]++;
    for (unsigned i = 0; i < 256; i++) {
        size_t own = next[i];

        next[i] = sum;
        sum += own;
    }
    for (size_t i = 0; i < count; i++)
        to[next[from[i].key >> shift & 0xff]++] = from[i];
}

/* Bytes in which all are equal are left out: addresses of a module differ in
 * three or four. */
void sigprof__sort(struct sort_item *items, size_t count)
{
    struct sort_item *from = items, *to, *other;
    uint64_t differ = 0;
    size_t room = 0;

    if (count < FEW_ITEMS) {
        sort_few(items, count);
        return;
    }
    for (size_t i = 1; i < count; i++)
        differ |= items[i].key ^ items[0].key;
    other = to = sigprof__store_grow(NULL, &room, count, sizeof *other);
    for (unsigned shift = 0; shift < 64; shift += 8) {
        struct sort_item *swap = from;

        if ((differ >> shift & 0xff) == 0)
            continue;
        sort_by_byte(from, to, count, shift);
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    free(other);
}

/* ---- Strings ------------------------------------------------------------- */

void sigprof__strings_init(struct strings *strings)
{
    *strings = (struct strings){0};
    ARRAY_ROOM(strings->text, strings->count, strings->capacity);
    strings->text[strings->count++] = (struct text){"", 0};
}

/* Chunks are linked through their first word. */
void sigprof__strings_free(struct strings *strings)
{
    char *chunk = strings->chunk;

    while (chunk) {
        char *older;

        memcpy(&older, chunk, sizeof older);
        free(chunk);
        chunk = older;
    }
    free(strings->text);
    free(strings->index.slots);
    *strings = (struct strings){0};
}

static char *chunk_take(struct strings *strings, size_t size)
{
    const size_t link = sizeof strings->chunk;

    if (strings->chunk_left < size) {
        size_t bytes = size > CHUNK_BYTES - link ? size + link : CHUNK_BYTES;
        char *chunk = must(malloc(bytes));

        memcpy(chunk, &strings->chunk, link);
        strings->chunk = chunk;
        strings->chunk_left = bytes - link;
        /* Taken from the end, so that the link needs no bookkeeping. */
    }
    strings->chunk_left -= size;
    return strings->chunk + link + strings->chunk_left;
}

uint32_t sigprof__strings_add(struct strings *strings, struct text text)
{
    uint32_t hash = sigprof__hash_bytes(text.at, text.size);
    struct index *index = &strings->index;
    size_t at;
    char *copy;

    if (text.size == 0)
        return 0;
    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        struct text other = strings->text[index->slots[at].id];

        if (index->slots[at].hash == hash && other.size == text.size &&
            memcmp(other.at, text.at, text.size) == 0)
            return index->slots[at].id;
    }
    copy = chunk_take(strings, text.size);
    memcpy(copy, text.at, text.size);
    ARRAY_ROOM(strings->text, strings->count, strings->capacity);
    strings->text[strings->count] = (struct text){copy, text.size};
    sigprof__index_put(index, at, hash, (uint32_t)strings->count);
    return (uint32_t)strings->count++;
}

uint32_t sigprof__strings_format(struct strings *strings, const char *format,
                                 ...)
{
    static char buffer[FORMAT_BYTES];
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    if (size < 0)
        return 0;
    if ((size_t)size >= sizeof buffer)
        size = sizeof buffer - 1;
    return sigprof__strings_add(strings, (struct text){buffer, (size_t)size});
}

/* ---- Dense numbers ------------------------------------------------------- */

uint32_t sigprof__numbering_of(struct numbering *numbering, uint32_t id)
{
    size_t room = numbering->room;

    if (id >= room) {
        numbering->numbers =
            sigprof__store_grow(numbering->numbers, &numbering->room,
                                (size_t)id + 1, sizeof *numbering->numbers);
        memset(numbering->numbers + room, 0,
               (numbering->room - room) * sizeof *numbering->numbers);
    }
    if (!numbering->numbers[id]) {
        ARRAY_ROOM(numbering->ids, numbering->count, numbering->capacity);
        numbering->ids[numbering->count++] = id;
        numbering->numbers[id] = (uint32_t)numbering->count;
    }
    return numbering->numbers[id] - 1;
}

void sigprof__numbering_free(struct numbering *numbering)
{
    free(numbering->numbers);
    free(numbering->ids);
    *numbering = (struct numbering){0};
}
