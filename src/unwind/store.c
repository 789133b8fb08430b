/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting a new walk's frames in front of what it shares with the last one.
 *
 * The new frames lie in stack->fresh as unwind_push left them: leaf first, and
 * for deep stacks the root's half as a ring. What is kept of the last walk is
 * the end of stack->frame, and stays where it is.
 */
#include "unwind/unwind.h"

/* Where frame number index of count pushed ones lies; it must be kept still. */
static const struct unwind_frame *pushed(const struct unwind_stack *stack,
                                         uint32_t index, uint32_t count)
{
    uint32_t half = stack->depth / 2;

    if (index < stack->depth && (count <= stack->depth || index < half))
        return &stack->fresh[index];
    return &stack->fresh[half + (index - half) % (stack->depth - half)];
}

static void put_mark(struct unwind_stack *stack, uintptr_t mark)
{
    struct unwind_frame *frame = &stack->frame[--stack->top];

    frame->pc = mark;
    frame->sp = 0;
    frame->fp = 0;
    frame->ra_at = 0;
    frame->fp_at = 0;
    frame->flags = 0;
    frame->spare = 0;
}

void sigprof__unwind_join(struct unwind_stack *stack, uint32_t count,
                          uint32_t kept)
{
    uint32_t half = stack->depth / 2;
    uint32_t root = stack->depth - half;
    uint32_t first = 0; /* of the pushed frames that follow the leaf's half */
    uint32_t next = count;

    if (count + kept > stack->depth) {
        if (kept > root)
            kept = root;
        first = count + kept - root;
    }
    stack->shared = kept;
    stack->top = stack->capacity - kept;
    while (next > first)
        stack->frame[--stack->top] = *pushed(stack, --next, count);
    if (first == 0)
        return;
    if (first > half)
        put_mark(stack, FORMAT_MARK_GAP);
    for (next = first < half ? first : half; next > 0;)
        stack->frame[--stack->top] = *pushed(stack, --next, count);
}

void sigprof__unwind_store(struct unwind_stack *stack, uint32_t count)
{
    uint32_t old = stack->capacity - stack->top;
    uint32_t kept = 0;

    while (count <= stack->depth && kept < old && kept < count &&
           pushed(stack, count - 1 - kept, count)->pc ==
               stack->frame[stack->capacity - 1 - kept].pc)
        kept++;
    sigprof__unwind_join(stack, count - kept, kept);
}
