/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine that follows frame pointers and nothing else: two loads a frame.
 *
 * It is right where all code keeps a frame pointer, or a back chain on CPUs that
 * have one. Elsewhere it loses the caller of a leaf without a frame, and ends
 * early where the register holds something else; it never reads what it must not.
 *
 * What follows an element of the chain depends on its two words alone. So first it
 * is seen how far down from the root the last walk's elements still say what they
 * said; where the walk arrives at one of those, the rest stays where it is. In that
 * order, and not by comparing on the way up, since how many of the old frames are
 * between two new ones no CPU can predict.
 */
#include "arch/arch.h"
#include "os/regs.h"
#include "unwind/memory.h"

/* All that is called with it is inline, so that it lies in registers; what is not
 * in registers lies apart. */
struct chain {
    struct memory *memory;
    struct unwind_stack *stack;
    uint32_t count; /* pushed so far */
    uint32_t old;   /* the last walk's frames from there on still hold */
    uintptr_t pc;   /* of the frame that the walk is at */
    uintptr_t fp;   /* the element that leads to its caller */
    uintptr_t low;  /* ... lies there or above: no circles */
};

static inline void push(struct chain *chain)
{
    struct unwind_frame *frame = unwind_push(chain->stack, &chain->count);

    frame->pc = chain->pc;
    frame->fp = chain->fp;
    frame->flags = UNWIND_ELEMENT;
}

/* Where the return address is that belongs to the element at fp. */
static inline uintptr_t pc_at(uintptr_t fp, uintptr_t next)
{
    return (ARCH_RECORD_IN_NEXT ? next : fp) + (uintptr_t)ARCH_RECORD_PC;
}

/* To the caller; why not, if there is none. */
static inline int follow(struct chain *chain)
{
    uintptr_t fp = chain->fp;
    uintptr_t next, pc;

    if (fp == 0)
        return FORMAT_END_COMPLETE;
    if (fp < chain->low ||
        !sigprof__memory_read(chain->memory, fp + (uintptr_t)ARCH_RECORD_FP,
                              &next))
        return FORMAT_END_BAD_ADDRESS;
    next = regs_unbiased(next);
    if (ARCH_BACKCHAIN && next == 0)
        return FORMAT_END_COMPLETE;
    if (!sigprof__memory_read(chain->memory, pc_at(fp, next), &pc))
        return FORMAT_END_BAD_ADDRESS;
    pc = arch_return_address(pc);
    if (pc < FORMAT_FIRST_PC)
        return pc == 0 ? FORMAT_END_COMPLETE : FORMAT_END_BAD_ADDRESS;
    chain->low = fp + 1;
    chain->fp = next;
    chain->pc = pc;
    return -1;
}

static inline bool is_known(const struct memory *memory, uintptr_t address)
{
    return !sigprof__memory_is_outside(memory, address) &&
           (address & (ARCH_WORD - 1)) == 0;
}

/* Does the element of this frame still lead to the next frame? */
static inline bool still_leads(const struct memory *memory,
                               const struct unwind_frame *frame)
{
    uintptr_t at = frame->fp + (uintptr_t)ARCH_RECORD_FP;
    uintptr_t pc = pc_at(frame->fp, frame[1].fp);

    return frame[1].flags == UNWIND_ELEMENT && is_known(memory, at) &&
           is_known(memory, pc) &&
           regs_unbiased(memory_load(at)) == frame[1].fp &&
           arch_return_address(memory_load(pc)) == frame[1].pc;
}

/* The first of the last walk's frames from where all elements still lead on. */
static inline uint32_t first_to_hold(const struct chain *chain)
{
    const struct unwind_stack *stack = chain->stack;
    uint32_t index = stack->capacity;

    if (stack->top == index || stack->frame[index - 1].flags != UNWIND_ELEMENT)
        return index;
    index--;
    while (index > stack->top &&
           still_leads(chain->memory, &stack->frame[index - 1]))
        index--;
    return index;
}

/* Is the walk at one of those? Then that is chain->old. */
static inline bool meets(struct chain *chain)
{
    const struct unwind_stack *stack = chain->stack;
    const struct unwind_frame *frame = &stack->frame[chain->old];

    if (chain->old == stack->capacity || chain->fp < frame->fp)
        return false;
    while (frame->fp < chain->fp) {
        frame++;
        if (++chain->old == stack->capacity)
            return false;
    }
    return frame->fp == chain->fp && frame->pc == chain->pc &&
           chain->fp >= chain->low;
}

/* From chain->old to the last frame of all, and on. kept: how many are kept, if
 * that still has no caller; else they are pushed. */
static inline int go_on(struct chain *chain, uint32_t *kept)
{
    struct unwind_stack *stack = chain->stack;
    uint32_t last = stack->capacity - 1;
    int end;

    if (last > chain->old)
        chain->low = stack->frame[last - 1].fp + 1;
    chain->pc = stack->frame[last].pc;
    chain->fp = stack->frame[last].fp;
    end = follow(chain);
    if (end >= 0)
        *kept = stack->capacity - chain->old;
    else
        for (; chain->old <= last; chain->old++)
            *unwind_push(stack, &chain->count) = stack->frame[chain->old];
    return end;
}

/* Until there is no caller; why. */
static inline int climb(struct chain *chain, uint32_t *kept)
{
    int end = -1;

    while (end < 0 && chain->count < UNWIND_STEPS_MAX) {
        if (meets(chain)) {
            end = go_on(chain, kept);
        } else {
            push(chain);
            end = follow(chain);
        }
    }
    return end < 0 ? FORMAT_END_DEPTH : end;
}

/* Where the interrupted code's registers have the first element of the chain, and its
 * stack perhaps not yet: to its caller. */
static inline int leave_window(struct chain *chain, const void *ucontext)
{
#if defined(ARCH_WINDOWS) && !defined(REGS_WINDOW)
    uintptr_t pc = regs_get(ucontext, ARCH_WINDOW_LAST);

    chain->fp = 0; /* no element that is compared with the next walk's */
    push(chain);
    chain->fp = regs_fp(ucontext);
    chain->pc = arch_return_address(pc);
    if (chain->fp == 0 || pc == 0)
        return FORMAT_END_COMPLETE;
    if (chain->pc < FORMAT_FIRST_PC)
        return FORMAT_END_BAD_ADDRESS;
#else
    (void)chain;
    (void)ucontext;
#endif
    return -1;
}

void sigprof__unwind_fp(struct unwind_walk *walk)
{
    struct unwind_stack *stack = walk->stack;
    struct memory memory;
    struct chain chain;
    uint32_t kept = 0;
    int end;

    chain.memory = &memory;
    chain.stack = stack;
    chain.count = 0;
    chain.pc = regs_pc(walk->ucontext);
    chain.low = regs_sp(walk->ucontext);
    chain.fp = ARCH_BACKCHAIN ? chain.low : regs_fp(walk->ucontext);
    if (chain.pc < FORMAT_FIRST_PC)
        chain.pc = FORMAT_FIRST_PC;
    sigprof__memory_begin(&memory, walk, chain.low);
    chain.old = first_to_hold(&chain);
    end = leave_window(&chain, walk->ucontext);
    stack->end = (uint8_t)(end < 0 ? climb(&chain, &kept) : end);
    if (memory.now.high == 0)
        stack->end |= FORMAT_END_UNKNOWN_STACK;
    stack->epoch = 0; /* nothing in it for the cfi engine */
    sigprof__unwind_join(stack, chain.count, kept);
}
