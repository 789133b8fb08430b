/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread's walking state as the slot table makes it, and made-up contexts. */
#ifndef TEST_WALK_H
#define TEST_WALK_H

#include <stdlib.h>
#include <ucontext.h>

#include "arch/arch.h"
#include "test.h"
#include "unwind/unwind.h"

/* Frames of a chain whose records no memory has: the first ones. */
#ifdef ARCH_WINDOWS
enum { IN_REGISTERS = 1 };
#else
enum { IN_REGISTERS = 0 };
#endif

/* Wiped first, so that a test starts without a memory. */
static inline void test_walk_make(struct unwind_walk *walk, uint32_t depth)
{
    struct unwind_stack *stack = calloc(1, sizeof *stack);

    CHECK(stack);
    memset(walk, 0, sizeof *walk);
    stack->depth = depth;
    stack->capacity = depth + 8;
    stack->top = stack->capacity;
    stack->frame = calloc(stack->capacity, sizeof *stack->frame);
    stack->fresh = calloc(stack->capacity, sizeof *stack->fresh);
    stack->window = calloc(1, sizeof *stack->window);
    CHECK(stack->frame && stack->fresh && stack->window);
    walk->stack = stack;
    walk->may_call_system = true;
}

static inline void test_walk_drop(struct unwind_walk *walk)
{
    free(walk->stack->frame);
    free(walk->stack->fresh);
    free(walk->stack->window);
    free(walk->stack);
}

static inline uint32_t test_walk_count(const struct unwind_walk *walk)
{
    return walk->stack->capacity - walk->stack->top;
}

/* The pc of frame number index from the leaf. */
static inline uintptr_t test_walk_pc(const struct unwind_walk *walk,
                                     uint32_t index)
{
    CHECK(index < test_walk_count(walk));
    return walk->stack->frame[walk->stack->top + index].pc;
}

#endif
