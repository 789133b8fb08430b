/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking a stack from inside a signal: the contract that every engine keeps.
 *
 * A walk starts from the registers of a ucontext_t and lists the frames up to
 * the thread's entry point. It takes no lock, allocates nothing, and reads
 * memory only through unwind/memory.h. It uses under 1 KiB of stack with all
 * that it calls (libunwind excepted).
 *
 * The result stays in the thread's struct unwind_stack until the next walk,
 * which verifies it and keeps the part that still holds: so the frames lie
 * with the root at the *end* of the array, where a shorter or longer leaf side
 * does not move them.
 *
 *      frame[0]      top                              capacity
 *        |  unused    | leaf ..... | shared ...... root |
 *                                  ^ capacity - shared
 */
#ifndef SIGPROF_UNWIND_H
#define SIGPROF_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"

#define UNWIND_DEPTH_MAX 1024 /* SIGPROF_DEPTH's upper bound */
#define UNWIND_STEPS_MAX 8192 /* less than half a millisecond */

/* In place of a pc: a guest's frame, of function number sp, in line fp. */
#define UNWIND_GUEST (FORMAT_FIRST_PC - 1)

/* One frame, with what is needed to verify its step to the next one. */
struct unwind_frame {
    uintptr_t pc; /* or an enum format_mark, or UNWIND_GUEST */
    uintptr_t fp;
    uintptr_t sp;
    int16_t ra_at; /* return address read at next sp + ra_at (bytes) */
    int16_t fp_at; /* caller's fp read at next sp + fp_at; 0: unchanged */
    uint16_t flags; /* engine's own; 0: this step cannot be verified */
    uint16_t spare;
};

/* In flags of the fp engine's frames, beside none of the cfi engine's: sp is not
 * known, and fp is the element of the chain that leads to the caller. */
#define UNWIND_ELEMENT 0x8000u

/* The frame as the ring and the file have it. */
static inline uint64_t unwind_word(const struct unwind_frame *frame)
{
    return frame->pc == UNWIND_GUEST
               ? format_guest((uint32_t)frame->sp, (uint32_t)frame->fp)
               : frame->pc;
}

/* A stack that the program declared, or that the thread was born with. */
struct unwind_range {
    uintptr_t low;  /* first byte */
    uintptr_t high; /* first byte behind it */
};

/* Declared stacks, sorted by low; immutable once published. */
struct unwind_ranges {
    uint32_t count;
    struct unwind_range range[];
};

#define UNWIND_PAGE_BYTES 4096u /* the smallest page there is */

/* What an engine needs in quantity, off the handler's stack. Untouched by a
 * walk that finds all it needs in the cache. */
struct unwind_window {
    uint64_t scratch[480]; /* the cfi engine's struct cfi_state */
    unsigned char stack_page[UNWIND_PAGE_BYTES]; /* see memory.h */
    unsigned char table_page[UNWIND_PAGE_BYTES];
};

/* Per thread. Touched only by its handler, or while it cannot run. */
struct unwind_stack {
    uint32_t capacity; /* fixed when made: depth + a few for marks */
    uint32_t depth;    /* SIGPROF_DEPTH */
    uint32_t top;      /* frame[top..capacity) is the last walk's result */
    uint32_t shared;   /* that many at the root's end are as in the walk before */
    uint32_t sure;     /* that many at the root's end are no guesses: memo.c */
    uint32_t epoch;    /* of the module snapshot that the frames were made by */
    uint8_t end;       /* enum format_end: why the walk ended */
    bool has_signal;   /* FORMAT_MARK_SIGNAL may be in it */
    uint16_t no_flags; /* in place of a frame's: cfi.c */
    struct unwind_window *window;
    struct unwind_frame *fresh; /* capacity entries: scratch of a walk */
    struct unwind_frame *frame; /* capacity entries */
};

/* One walk: what the handler knows about the thread it stopped. */
struct unwind_walk {
    const void *ucontext;        /* ucontext_t of the interruption */
    struct unwind_range thread;  /* the thread's own stack; 0,0: not known */
    const struct unwind_ranges *declared; /* or NULL */
    bool may_call_system;        /* reads outside known stacks are allowed */
    struct unwind_stack *stack;  /* in: the last walk; out: this one */
};

/*
 * Signal-safe. Walks, and fills in stack->top, shared, end and frame[]. At least
 * the interrupted pc is always there. Stacks deeper than stack->depth keep half
 * of it at each end with FORMAT_MARK_GAP between.
 */
typedef void unwind_engine(struct unwind_walk *walk);

unwind_engine sigprof__unwind_cfi;
unwind_engine sigprof__unwind_fp;
unwind_engine sigprof__unwind_libunwind;

/* Signal-safe. Has pc's module a rule for it (cfi)? Else its step is a guess. */
struct module;
bool sigprof__unwind_has_rule(const struct module *module, uintptr_t pc);

/*
 * Control, before the first walk. 0, or a SIGPROF_E… code. For libunwind: loads
 * the library privately, so that none of its symbols enters the program's scope.
 */
int sigprof__unwind_libunwind_load(void);

/*
 * A walk in progress collects frames in stack->fresh, leaf first. Once depth
 * frames are there, the leaf's half stays and the rest is a ring of the latest,
 * so that both ends of a deep stack are at hand whenever the walk ends.
 */
static inline uint32_t unwind_place(const struct unwind_stack *stack,
                                    uint32_t index)
{
    uint32_t root = stack->depth / 2;
    uint32_t leaf = stack->depth - root;

    if (index < stack->depth)
        return index;
    return root == 0 ? stack->depth : leaf + (index - leaf) % root;
}

static inline struct unwind_frame *unwind_push(struct unwind_stack *stack,
                                               uint32_t *count)
{
    return &stack->fresh[unwind_place(stack, (*count)++)];
}

/*
 * Signal-safe. Makes the count frames pushed, with the kept ones of the last
 * walk behind them at the root's end, the new result: top, shared, frame[].
 */
void sigprof__unwind_join(struct unwind_stack *stack, uint32_t count,
                          uint32_t kept);

/* Signal-safe. The same for engines that do not verify frames themselves: keeps
 * those at the root's end whose pcs are equal. */
void sigprof__unwind_store(struct unwind_stack *stack, uint32_t count);

#endif
