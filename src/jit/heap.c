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
#define SIZES 48u /* 64, 80, 96, 112, 128, 160, … 112 KiB, 128 KiB */

struct piece {
    struct piece *next;
};

static struct piece *free_pieces[SIZES];
static uint8_t *chunk;
static size_t chunk_left;

/* The number of the smallest size that holds bytes; *size is that. */
static unsigned size_number(size_t bytes, size_t *size)
{
    size_t step = SMALLEST / 4;
    unsigned number = 0;

    *size = SMALLEST;
    while (*size < bytes) {
        *size += step;
        number++;
        if (number % 4 == 0)
            step *= 2;
    }
    return number;
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
    if (chunk_left < size) { /* what is left of the old one is lost */
        chunk = sigprof__os_map(CHUNK_BYTES);
        chunk_left = chunk ? CHUNK_BYTES : 0;
        if (!chunk)
            return NULL;
    }
    piece = (struct piece *)(void *)chunk;
    chunk += size;
    chunk_left -= size;
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
