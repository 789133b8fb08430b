/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of the command: growing arrays, an index by hash, interned strings.
 *
 * The command holds one model and then ends, so nothing here is handed back
 * piece by piece, and a refused allocation ends the process with a sentence.
 */
#ifndef SIGPROF_FOLD_STORE_H
#define SIGPROF_FOLD_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of somebody else's memory; no NUL at the end. */
struct text {
    const char *at;
    size_t size;
};

static inline struct text sigprof__text(const char *string)
{
    return (struct text){string, strlen(string)};
}

/* Before anything else: tells the C library how this command uses memory. */
void sigprof__store_begin(void);

/* In a forked process that answers by a pipe: where memory is refused, it ends
 * without a word and leaves the parent's open streams alone. */
void sigprof__store_quietly(void);

/* Room for `need` items of `item` bytes at least; exits when there is none. */
void *sigprof__store_grow(void *old, size_t *capacity, size_t need,
                          size_t item);

/* Makes room for one more: ARRAY_ROOM(a, count, capacity); a[count++] = … */
#define ARRAY_ROOM(array, count, capacity)                                     \
    do {                                                                       \
        if ((count) == (capacity))                                             \
            (array) = sigprof__store_grow((array), &(capacity), (count) + 1,   \
                                          sizeof *(array));                    \
    } while (0)

static inline uint32_t sigprof__hash_mix(uint64_t value)
{
    value ^= value >> 32; /* the finalizer of the splitmix64 family */
    value *= UINT64_C(0xd6e8feb86659fd93);
    value ^= value >> 32;
    value *= UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(value ^ value >> 32);
}

uint32_t sigprof__hash_bytes(const void *bytes, size_t size);

/*
 * From a hash to ids above 0, open addressing, at most three quarters full. The
 * caller compares: for (i = index_at(x, h); x->slots[i].id; i = index_next(x,
 * i)).
 */
struct index_slot {
    uint32_t hash, id;
};
struct index {
    struct index_slot *slots;
    size_t mask, used;
};

/* Makes room for one more id; call before the search whose miss inserts. */
void sigprof__index_room(struct index *index);
static inline size_t sigprof__index_at(const struct index *index, uint32_t hash)
{
    return hash & index->mask;
}
static inline size_t sigprof__index_next(const struct index *index, size_t at)
{
    return (at + 1) & index->mask;
}
/* Fills the free slot a search has ended at. */
static inline void sigprof__index_put(struct index *index, size_t at,
                                      uint32_t hash, uint32_t id)
{
    index->slots[at] = (struct index_slot){hash, id};
    index->used++;
}

/* Equal bytes, equal number. Number 0 is the empty string. */
struct strings {
    struct text *text;
    size_t count, capacity;
    struct index index;
    char *chunk;
    size_t chunk_left;
};

void sigprof__strings_init(struct strings *strings);
void sigprof__strings_free(struct strings *strings);
uint32_t sigprof__strings_add(struct strings *strings, struct text text);
/* As printf; the result is interned. At most 64 KiB of it. */
__attribute__((format(printf, 2, 3))) uint32_t
sigprof__strings_format(struct strings *strings, const char *format, ...);

/* Makes room for that many ids beside those that are there. */
void sigprof__index_reserve(struct index *index, size_t more);

/* What sigprof__sort puts in order. */
struct sort_item {
    uint64_t key, value;
};

/* By key; equal ones stay in their order. */
void sigprof__sort(struct sort_item *items, size_t count);

/* Dense numbers for ids in the order they are first asked for. */
struct numbering {
    uint32_t *numbers; /* id -> one more than its number; 0: none yet */
    size_t room;
    uint32_t *ids; /* number -> id */
    size_t count, capacity;
};

uint32_t sigprof__numbering_of(struct numbering *numbering, uint32_t id);
void sigprof__numbering_free(struct numbering *numbering);

#endif
