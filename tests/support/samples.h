/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings and samples made by hand, for unit tests. */
#ifndef SIGPROF_TEST_SAMPLES_H
#define SIGPROF_TEST_SAMPLES_H

#include <stdlib.h>
#include <unistd.h>

#include "ring.h"
#include "test.h"

static inline void samples_ring_for(struct ring *ring, size_t bytes,
                                    unsigned depth, bool overwrites)
{
    struct ring_head facts;

    memset(&facts, 0, sizeof facts);
    for (unsigned i = 0; i < FORMAT_ID_BYTES; i++)
        facts.id[i] = (uint8_t)(rand() >> 4);
    facts.pid = (uint64_t)getpid();
    facts.start_mono_ns = 1000;
    facts.period_ns = 1000000;
    facts.overwrites = overwrites;
    CHECK_EQ(sigprof__ring_make(ring, bytes, depth, &facts), 0);
}

static inline void samples_ring(struct ring *ring, size_t bytes, unsigned depth)
{
    samples_ring_for(ring, bytes, depth, false);
}

static inline struct unwind_stack *samples_stack(unsigned depth)
{
    struct unwind_stack *stack = calloc(1, sizeof *stack);

    CHECK(stack != NULL);
    stack->capacity = depth + 8;
    stack->depth = depth;
    stack->top = stack->capacity;
    stack->frame = calloc(stack->capacity, sizeof *stack->frame);
    CHECK(stack->frame != NULL);
    return stack;
}

static inline void samples_stack_free(struct unwind_stack *stack)
{
    free(stack->frame);
    free(stack);
}

/* The thread's next walk: count pcs, leaf first, of which `shared` at the root's
 * end are as they were. */
static inline void samples_walk(struct unwind_stack *stack, const uint64_t *pc,
                                uint32_t count, uint32_t shared)
{
    stack->top = stack->capacity - count;
    stack->shared = shared;
    for (uint32_t i = 0; i < count; i++)
        stack->frame[stack->top + i].pc = (uintptr_t)pc[i];
}

#endif
