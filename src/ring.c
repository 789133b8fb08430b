/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring, handler's side. Theory: ring.h. Everything here is Signal-safe. */
#include "ring.h"

#include "probes.h"

#define WORD_BITS (8 * sizeof(uintptr_t))

/* Gives up after this many lost races: others then made progress. */
#define TAKE_TRIES_MAX 64
#define OVERWRITE_TRIES_MAX 16 /* each looks at every block */

static bool take_bit(_Atomic uintptr_t *word, uint32_t *bit, unsigned *tries)
{
    uintptr_t bits = atomic_load_explicit(word, memory_order_relaxed);

    while (bits && (*tries)++ < TAKE_TRIES_MAX) {
        *bit = (uint32_t)__builtin_ctzll(bits);
        if (atomic_compare_exchange_weak_explicit(
                word, &bits, bits & (bits - 1), memory_order_acquire,
                memory_order_relaxed))
            return true;
    }
    return false;
}

/* A block that nobody else may touch now begins a new life. */
static void begin_life(struct ring *ring, struct ring_owner *owner,
                       uint32_t index, uint32_t hint, int tid)
{
    struct ring_block *block = ring_block(ring, index);
    uint32_t life =
        ring_life(atomic_load_explicit(&block->word, memory_order_relaxed)) + 1;

    block->tid = owner->mixed ? 0 : (uint32_t)tid;
    block->samples = 0;
    block->periods = 0;
    atomic_store_explicit(&block->committed, 0, memory_order_relaxed);
    atomic_store_explicit(&block->word, ring_state(life, RING_WRITING),
                          memory_order_release);
    atomic_thread_fence(memory_order_release); /* who reads from outside sees it
                                                  before it sees a record */
    *owner = (struct ring_owner){index + 1, life, false, hint, owner->mixed};
}

static bool take_free(struct ring *ring, struct ring_owner *owner, int tid)
{
    unsigned tries = 0;
    uint32_t bit;

    for (uint32_t i = 0; i < ring->free_words; i++) {
        uint32_t word = (owner->hint + i) % ring->free_words;

        if (!take_bit(&ring->free_map[word], &bit, &tries))
            continue;
        begin_life(ring, owner, word * (uint32_t)WORD_BITS + bit, word, tid);
        return true;
    }
    return false;
}

/* The block with the oldest last record that no handler is in. */
static bool find_oldest(const struct ring *ring, uint32_t *index, uint32_t *word)
{
    uint64_t oldest_ns = UINT64_MAX;

    for (uint32_t i = 0; i < ring->blocks; i++) {
        uint64_t last_ns =
            atomic_load_explicit(&ring->last_ns[i], memory_order_relaxed);
        uint32_t now;

        if (last_ns >= oldest_ns)
            continue;
        now = atomic_load_explicit(&ring_block(ring, i)->word,
                                   memory_order_relaxed);
        if (ring_state_of(now) != RING_OWNED &&
            ring_state_of(now) != RING_SEALED)
            continue;
        oldest_ns = last_ns;
        *index = i;
        *word = now;
    }
    return oldest_ns != UINT64_MAX;
}

/* Between the two stores of the block's word it is nobody's. */
static bool overwrite(struct ring *ring, struct ring_owner *owner, int tid)
{
    struct ring_head *head = ring->head;
    uint32_t index, word;

    for (unsigned i = 0; i < OVERWRITE_TRIES_MAX; i++) {
        struct ring_block *block;

        if (!find_oldest(ring, &index, &word))
            return false;
        block = ring_block(ring, index);
        if (!atomic_compare_exchange_strong_explicit(
                &block->word, &word, ring_state(ring_life(word), RING_WRITING),
                memory_order_acquire, memory_order_relaxed))
            continue;
        atomic_fetch_add_explicit(&head->overwritten, block->periods,
                                  memory_order_relaxed);
        atomic_fetch_add_explicit(&head->overwritten_samples, block->samples,
                                  memory_order_relaxed);
        begin_life(ring, owner, index, owner->hint, tid);
        return true;
    }
    return false;
}

static bool take_block(struct ring *ring, struct ring_owner *owner, int tid)
{
    return take_free(ring, owner, tid) ||
           (ring->last_ns && overwrite(ring, owner, tid));
}

/* From OWNED to WRITING; false if the drain has taken the block meanwhile. */
static bool enter_block(struct ring *ring, struct ring_owner *owner)
{
    uint32_t owned = ring_state(owner->life, RING_OWNED);

    return owner->block &&
           atomic_compare_exchange_strong_explicit(
               &ring_block(ring, owner->block - 1)->word, &owned,
               ring_state(owner->life, RING_WRITING), memory_order_acquire,
               memory_order_relaxed);
}

static void leave_block(struct ring *ring, const struct ring_owner *owner,
                        enum ring_block_state state)
{
    atomic_store_explicit(&ring_block(ring, owner->block - 1)->word,
                          ring_state(owner->life, state), memory_order_release);
}

static uint32_t record_bytes(const struct ring_owner *owner,
                             const struct ring_record *header, uint32_t fresh)
{
    uint32_t words = fresh + owner->mixed + (header->state & RING_LATE ? 1 : 0);

    return (uint32_t)sizeof(struct ring_record) + 8 * words;
}

static void put_record(struct ring_block *block, uint32_t at, uint32_t bytes,
                       int tid, uint32_t shared,
                       const struct unwind_stack *stack,
                       const struct ring_record *header, uint64_t lag_ns)
{
    struct ring_record *record = (struct ring_record *)(block->records + at);
    uint32_t fresh = stack->capacity - stack->top - shared;

    *record = *header;
    record->words = (uint16_t)(bytes / 8);
    record->fresh = (uint16_t)fresh;
    record->shared = (uint16_t)shared;
    for (uint32_t i = 0; i < fresh; i++)
        record->pc[i] = unwind_word(&stack->frame[stack->top + i]);
    if (block->tid == 0)
        record->pc[fresh] = (uint32_t)tid;
    if (header->state & RING_LATE)
        record->pc[record->words - 4] = lag_ns; /* the last; 3 are the header */
    if (fresh == 0 || stack->frame[stack->top].pc != FORMAT_MARK_KERNEL) {
        block->samples++; /* [kernel] is not among what was taken (weigh.h) */
        block->periods += header->weight;
    }
    atomic_store_explicit(&block->committed, at + bytes, memory_order_release);
}

bool sigprof__ring_append(struct ring *ring, struct ring_owner *owner, int tid,
                          const struct unwind_stack *stack,
                          const struct ring_record *header, uint64_t lag_ns)
{
    uint32_t count = stack->capacity - stack->top;
    bool entered = enter_block(ring, owner);
    uint32_t shared = entered && owner->continues ? stack->shared : 0;
    struct ring_block *block;
    uint32_t at = 0, bytes = record_bytes(owner, header, count - shared);

    if (entered) {
        block = ring_block(ring, owner->block - 1);
        at = atomic_load_explicit(&block->committed, memory_order_relaxed);
        if (at + bytes > ring->room) {
            leave_block(ring, owner, RING_SEALED);
            entered = false;
        }
    }
    if (!entered) {
        owner->block = 0;
        if (!take_block(ring, owner, tid))
            return false;
        block = ring_block(ring, owner->block - 1);
        at = 0;
        shared = 0;
        bytes = record_bytes(owner, header, count);
    }
    put_record(block, at, bytes, tid, shared, stack, header, lag_ns);
    if (ring->last_ns)
        atomic_store_explicit(&ring->last_ns[owner->block - 1], header->time_ns,
                              memory_order_relaxed);
    owner->continues = !owner->mixed;
    leave_block(ring, owner, RING_OWNED);
    return true;
}

void sigprof__ring_release(struct ring *ring, struct ring_owner *owner)
{
    if (enter_block(ring, owner))
        leave_block(ring, owner, RING_SEALED);
    owner->block = 0;
    owner->continues = false;
}

void sigprof__ring_count_drop(struct ring *ring, enum ring_drop cause,
                              uint32_t periods, uint64_t now_ns)
{
    struct ring_head *head = ring->head;
    uint64_t since, never = 0;

    if (!head)
        return; /* a handler that a stop did not wait for any longer */
    since = now_ns - head->start_mono_ns;

    atomic_fetch_add_explicit(&head->dropped[cause], periods,
                              memory_order_relaxed);
    atomic_compare_exchange_strong_explicit(&head->first_drop_ns, &never, since,
                                            memory_order_relaxed,
                                            memory_order_relaxed);
    atomic_store_explicit(&head->last_drop_ns, since, memory_order_relaxed);
    PROBE_DROP(cause, periods);
}
