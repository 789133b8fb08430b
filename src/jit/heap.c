/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Free lists by size, four to each power of two, cut from chunks that are never
 * given back: what a VM has freed it will need again.
 */
#include "jit/heap.h"

#include <stdint.h>

#include "os/os.h"

#define CHUNK_BYTES ((size_t)1 << 20)
#define SMALLEST 64u
#define SIZES 45u /* 64, 80, 96, 112, 128, 160, … 112 KiB, 128 KiB */

struct piece {
    struct piece *next;
};

static struct piece *free_pieces[SIZES];
static uint8_t *chunk;
static size_t chunk_left;
static uint8_t *spare; /* the next chunk, or NULL */

/* The number of the smallest size that holds bytes; *size is that. */
static unsigned size_number(size_t bytes, size_t *size)
{
    unsigned number, power;

    *size = SMALLEST;
    if (bytes <= SMALLEST)
        return 0;
    power = 63u - (unsigned)__builtin_clzll((uint64_t)bytes - 1);
    number = 4 * (power - 6) + ((unsigned)((bytes - 1) >> (power - 2)) & 3);
    *size = (size_t)(number % 4 + 5) << (power - 2);
    return number + 1;
}

static void begin_chunk(void)
{
    chunk = spare ? spare : sigprof__os_map(CHUNK_BYTES);
    chunk_left = chunk ? CHUNK_BYTES : 0; /* what is left of the old one is lost */
    spare = NULL;
}

void *sigprof__heap_get(size_t bytes)
{
    size_t size;
    unsigned number = size_number(bytes, &size);
    struct piece *piece;

    if (number >= SIZES)
        return NULL;
    piece = free_pieces[number];
    if (piece) {
        free_pieces[number] = piece->next;
        return piece;
    }
    if (chunk_left < size)
        begin_chunk();
    if (!chunk)
        return NULL;
    piece = (struct piece *)(void *)chunk;
    chunk += size;
    chunk_left -= size;
    __builtin_prefetch(chunk, 1); /* for the next one */
    __builtin_prefetch(chunk + 64, 1);
    return piece;
}

void sigprof__heap_give(void *at, size_t bytes)
{
    struct piece *piece = at;
    size_t size;
    unsigned number = size_number(bytes, &size);

    piece->next = free_pieces[number];
    free_pieces[number] = piece;
}

bool sigprof__heap_wants_chunk(void)
{
    return chunk && !spare && chunk_left < CHUNK_BYTES / 2;
}

void *sigprof__heap_make_chunk(void)
{
    return sigprof__os_map_at_once(CHUNK_BYTES);
}

void sigprof__heap_take_chunk(void *made)
{
    if (spare)
        sigprof__os_unmap(made, CHUNK_BYTES);
    else
        spare = made;
}
