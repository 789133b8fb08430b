/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring: where the handler leaves samples, and what outlives a kill -9.
 *
 * One file in memory-backed storage, mapped shared, cut into blocks:
 *
 *      | head | counters | event log | block 0 | block 1 | ... | block n-1 |
 *
 * A thread owns at most one block, and only its handler writes there. A record
 * is written first and committed last, by one store of the block's length: a
 * kill between the two loses that record and no other. The drain reads committed
 * bytes while the block is still owned, and frees a block when it is full or
 * idle and all of it is in the file. So memory is the ring's size, whatever the
 * number of threads.
 *
 *      state of a block:   FREE ──take──► OWNED ◄──► WRITING
 *      (who moves it)        ▲  (handler)   │  (handler)
 *                            └──── SEALED ◄─┘  handler: full; drain: idle
 *                           (drain, when written)
 *
 * Only OWNED→SEALED is contended: the drain takes an idle block from its thread
 * by compare-and-swap, and fails while a record is being written.
 *
 * A flight recorder's ring overwrites: where no block is free, the handler takes the
 * one whose last record is the oldest of all, whosever it is, by a
 * compare-and-swap from OWNED or SEALED to WRITING, and counts what it held. Who
 * owned it finds out as it does from the drain's. So what a quiet thread did a
 * second ago outlives what a busy one did two seconds ago.
 *
 * Blocks get their memory a few at a time, outside the handler ("opened"), and as
 * many again when those were used up: the file is as large as the ring, but an idle
 * program pays for little of it.
 */
#ifndef SIGPROF_RING_H
#define SIGPROF_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "unwind/unwind.h"

#define RING_VERSION 4
#define RING_BYTES_MIN (64u << 10)
#define RING_BYTES_MAX (1u << 30)
#define RING_HEAD_BYTES 12288
#define RING_BLOCK_BYTES_MIN 8192 /* 30 records of 30 frames */
#define RING_FLIGHT_BLOCKS_MAX 4096 /* the handler looks at each for the oldest */
#define RING_BLOCKS_MAX (RING_BYTES_MAX / RING_BLOCK_BYTES_MIN)

/* The state word of a block holds its life number above these two bits, so that
 * an owner that slept through a seal, a drain and a new owner cannot enter. */
enum ring_block_state { RING_FREE, RING_OWNED, RING_WRITING, RING_SEALED };

static inline uint32_t ring_state(uint32_t life, enum ring_block_state state)
{
    return life << 2 | (uint32_t)state;
}

static inline uint32_t ring_life(uint32_t word)
{
    return word >> 2;
}

static inline enum ring_block_state ring_state_of(uint32_t word)
{
    return (enum ring_block_state)(word & 3);
}

/* One sample. pcs of the frames on the leaf's side that the thread's record
 * before, in the same block, did not have; that record has the others. In a
 * block of several threads one word more: the thread's id. Where it is late, one
 * more: by how many nanoseconds. */
struct ring_record {
    uint16_t words; /* of 8 bytes, this header included */
    uint16_t fresh; /* pcs that follow, leaf first */
    uint16_t shared;
    uint8_t end;   /* enum format_end */
    uint8_t state; /* enum format_state; RING_LATE: see above */
    uint32_t weight; /* periods */
    uint32_t label;
    uint64_t time_ns; /* monotonic clock */
    uint64_t pc[];
};

#define RING_LATE 0x80u

struct ring_block {
    _Atomic uint32_t word;      /* ring_state(life, state) */
    _Atomic uint32_t committed; /* bytes of records */
    uint32_t tid; /* 0: of several threads; each record ends with its own */
    uint32_t samples; /* in it */
    uint64_t periods; /* that they stand for */
    uint32_t spare[10];
    uint8_t records[]; /* 64-byte aligned: a block header is a cache line */
};

/* No free block; called while it ran; no slot. */
enum ring_drop { RING_DROP_FULL, RING_DROP_BUSY, RING_DROP_SLOT, RING_DROPS };

/* The file's first bytes. Fixed after it is made, but for the atomics. */
struct ring_head {
    char magic[8]; /* "SIGPRING" */
    uint32_t version;
    uint32_t word_bits;
    uint32_t block_bytes;
    uint32_t blocks;
    uint32_t events_bytes;
    uint32_t overwrites; /* not 0: a flight recorder's */
    uint8_t id[FORMAT_ID_BYTES];
    uint64_t pid;
    uint64_t start_mono_ns;
    uint64_t period_ns;

    /* atomic: handlers add, anybody reads */
    _Atomic uint64_t dropped[RING_DROPS]; /* periods */
    _Atomic uint64_t foreign;
    _Atomic uint64_t first_drop_ns; /* since start; 0: never */
    _Atomic uint64_t last_drop_ns;
    _Atomic uint64_t overwritten;         /* periods */
    _Atomic uint64_t overwritten_samples; /* that stood for them */

    /* the event log's; owned by its lock and the drain (events.c) */
    _Atomic uint64_t events_in;  /* bytes ever committed */
    _Atomic uint64_t events_out; /* bytes ever drained and in the file */
    _Atomic uint64_t events_lost;

    /* the drain's: the profile's file of now, and what earlier ones told */
    _Atomic uint32_t part; /* its number, from 1 on; 0: there is none yet */

    /* ordinary code's: blocks from the first on that have memory. The others are a
     * hole in the file, of which not even a word may be read: no page may be left. */
    _Atomic uint32_t opened;
    _Atomic uint64_t dropped_before[RING_DROPS];
    _Atomic uint64_t overwritten_before;
    char profile[2][4096]; /* path of part n in [n % 2]; "" if there is none */
};

static inline const char *ring_profile(const struct ring_head *head)
{
    return head->profile[atomic_load_explicit(&head->part,
                                              memory_order_acquire) % 2];
}

/* Handle of a mapped ring. Fixed after it is made, but for the atomics. */
struct ring {
    struct ring_head *head; /* NULL: there is none */
    uint8_t *events;
    uint8_t *first_block;
    size_t map_bytes;
    uint32_t blocks;
    uint32_t block_bytes;
    uint32_t room; /* bytes of records in a block */
    _Atomic int opening; /* 1: somebody gives memory to more of them. A word: riscv64 has
                            no instruction that exchanges a byte */
    _Atomic uintptr_t *free_map; /* one bit a block, set: free */
    uint32_t free_words;
    _Atomic uint64_t *last_ns; /* of each block's records; free: UINT64_MAX;
                                  NULL: nothing is overwritten */
    int descriptor; /* of the maker, until the start is done; -1: none */
    char path[256];
};

_Static_assert(sizeof(struct ring_head) <= RING_HEAD_BYTES, "room");
/* Not ATOMIC_LLONG_LOCK_FREE: a long long that is not atomic may lie at any multiple of
 * 4 on i386, of which clang then speaks. */
_Static_assert(__atomic_always_lock_free(sizeof(uint64_t), 0),
               "counters must not take a lock");

static inline struct ring_block *ring_block(const struct ring *ring,
                                            uint32_t index)
{
    return (struct ring_block *)(ring->first_block +
                                 (size_t)index * ring->block_bytes);
}

/* ---- Signal-safe (ring.c) ---------------------------------------------- */

/* What a thread's handler, or another writer, knows of the block it owns. */
struct ring_owner {
    uint32_t block;    /* index + 1; 0: none */
    uint32_t life;     /* of the block, when it became ours */
    bool continues;    /* its last record is the thread's last walk */
    uint32_t hint;     /* where to look for a free block first */
    bool mixed;        /* fixed: writes for several threads, whole stacks */
};

/*
 * Appends a sample of thread tid; its frames are those of stack. lag_ns: if the
 * state has RING_LATE. false: no block was free, and the caller counts the loss.
 */
bool sigprof__ring_append(struct ring *ring, struct ring_owner *owner, int tid,
                          const struct unwind_stack *stack,
                          const struct ring_record *header, uint64_t lag_ns);

/* Gives the owner's block back to the drain. */
void sigprof__ring_release(struct ring *ring, struct ring_owner *owner);

void sigprof__ring_count_drop(struct ring *ring, enum ring_drop cause,
                              uint32_t periods, uint64_t now_ns);

/* ---- Ordinary code (ring-file.c) --------------------------------------- */

/* Control. Makes a ring for records of up to depth frames. Returns 0 or a
 * SIGPROF_E… code. id, pid and times go into the head. */
int sigprof__ring_make(struct ring *ring, size_t ring_bytes, unsigned depth,
                       const struct ring_head *facts);

/* Thread-safe. Sees to it that spare blocks beyond those in use have memory, as
 * far as the ring and the memory go. */
void sigprof__ring_open_blocks(struct ring *ring, uint32_t spare);

/* Blocks that have memory, of any ring: those that may be looked at. */
uint32_t sigprof__ring_opened(const struct ring *ring);

/* Blocks that are free and have memory. */
uint32_t sigprof__ring_free_blocks(const struct ring *ring);

/* Control. The drain has written the whole of a sealed block. */
void sigprof__ring_free(struct ring *ring, uint32_t index);

/* Control. Keeps block index from being written or overwritten. false: it is free,
 * or a handler is in it. _yield: gives it back, sealed. */
bool sigprof__ring_hold(struct ring *ring, uint32_t index);
void sigprof__ring_yield(struct ring *ring, uint32_t index);

/* Control. Time of the oldest record; UINT64_MAX: there is none. */
uint64_t sigprof__ring_oldest_ns(const struct ring *ring);

/* Control. Takes a block from a thread that does not use it. */
bool sigprof__ring_seal_idle(struct ring *ring, uint32_t index,
                             uint32_t committed);

/* Control. Closes the maker's descriptor; the mapping holds the lock. */
void sigprof__ring_close(struct ring *ring);

/* Control. Unmaps; remove: unlinks too. */
void sigprof__ring_drop(struct ring *ring, bool remove);

/* Maps an existing ring file for reading. 0 or an errno value. foreign: root may
 * read another user's; never by a name that was only found in a shared folder. */
int sigprof__ring_open(struct ring *ring, const char *path, bool foreign);

/* Copies size bytes of the event log from the count `at` on. */
void sigprof__ring_copy_events(const struct ring *ring, uint64_t at,
                               uint8_t *bytes, size_t size);

/* Does a process still hold the ring at path? */
bool sigprof__ring_alive(const char *path);

/* Calls visit with the path and the pid of every ring of this user. */
void sigprof__ring_each(void (*visit)(const char *path, int pid, void *arg),
                        void *arg);

#endif
