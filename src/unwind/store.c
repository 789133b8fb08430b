/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting a new walk's frames in front of what it shares with the last one.
 *
 * The new frames lie in stack->fresh as unwind_push left them: leaf first, and
 * for deep stacks the root's half as a ring. What is kept of the last walk is
 * the end of stack->frame, and stays where it is unless the stack is too deep.
 */
#include "unwind/unwind.h"

/* Frame number index, counted from the leaf, of count pushed ones. */
static const struct unwind_frame *pushed(const struct unwind_stack *stack,
                                         uint32_t index)
{
    return &stack->fresh[unwind_place(stack, index)];
}

static void put(struct unwind_stack *stack, const struct unwind_frame *frame)
{
    stack->frame[--stack->top] = *frame;
}

static void put_gap(struct unwind_stack *stack)
{
    static const struct unwind_frame gap = {.pc = FORMAT_MARK_GAP};

    put(stack, &gap);
}

/* Depth frames of more: the root's half, a mark, the leaf's half. Writes never
 * overtake reads, since frames move towards the root's end of the array. */
static void join_deep(struct unwind_stack *stack, uint32_t count, uint32_t kept)
{
    uint32_t root = stack->depth / 2;
    uint32_t leaf = stack->depth - root;
    uint32_t first_kept = stack->capacity - kept;

    stack->shared = kept < root ? kept : root;
    stack->top = stack->capacity - stack->shared;
    for (uint32_t i = stack->shared; i < root; i++)
        put(stack, pushed(stack, --count));
    put_gap(stack);
    for (uint32_t i = leaf; i > 0; i--)
        put(stack, i <= count ? pushed(stack, i - 1)
                              : &stack->frame[first_kept + i - 1 - count]);
}

void sigprof__unwind_join(struct unwind_stack *stack, uint32_t count,
                          uint32_t kept)
{
    if (count + kept > stack->depth) {
        join_deep(stack, count, kept);
        return;
    }
    stack->shared = kept;
    stack->top = stack->capacity - kept;
    while (count > 0)
        put(stack, pushed(stack, --count));
}

void sigprof__unwind_store(struct unwind_stack *stack, uint32_t count)
{
    uint32_t old = stack->capacity - stack->top;
    uint32_t kept = 0;

    while (count <= stack->depth && kept < old && kept < count &&
           unwind_word(pushed(stack, count - 1 - kept)) ==
               unwind_word(&stack->frame[stack->capacity - 1 - kept]))
        kept++;
    sigprof__unwind_join(stack, count - kept, kept);
}
