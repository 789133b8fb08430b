/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What still holds of the last walk. Signal-safe.
 *
 * The frames of the last walk are there, and of each with FRAME_STEPPED where the
 * words were that led to its caller. A step is a function of (pc, sp, fp) and of
 * those words. So where a walk arrives at a frame of the last one, and all words
 * from there on have their values, the rest is the same.
 *
 * Stacks change at the leaf's end. So, before a walk, the words are compared from
 * the root down, up to the first that differs: loads that do not wait for each
 * other, and jumps that can be predicted. What is above its sp still holds, and
 * below no frame of the walk has to be looked for.
 *
 *      frame[0]        top      old         tail      end    capacity
 *        |   unused     | changed | holds, in | holds   | on another |
 *                       |         |  parts    |         |   stack    |
 *
 * A step without FRAME_STEPPED is taken anew: it ends a part. A signal changes the
 * stack, or goes down on it: only what is on one side of one is compared.
 *
 * Code that has no frame pointer uses that register for anything, so it often
 * differs where the stack does not. Hence a saved one is compared only if a step
 * began at it (FRAME_FP_CHECKED), and else a frame's fp may be out of date.
 */
#include "unwind/walker.h"

static bool is_mark(const struct unwind_frame *frame, uintptr_t mark)
{
    return frame->pc == mark;
}

static bool holds(const struct walker *w, uintptr_t address, uintptr_t value)
{
    return !sigprof__memory_is_outside(&w->memory, address) &&
           memory_load(address) == value;
}

/* The step from one frame to the other: are the words still there? */
static inline bool still_steps(const struct unwind_range *stack,
                               const struct unwind_frame *frame,
                               const struct unwind_frame *caller)
{
    uintptr_t room = stack->high - stack->low;
    uintptr_t ra_at = caller->sp + (uintptr_t)(intptr_t)frame->ra_at;
    uintptr_t fp_at;

    if (ra_at - stack->low >= room ||
        arch_return_address(memory_load(ra_at)) != caller->pc)
        return false;
    if (!(frame->flags & FRAME_FP_CHECKED))
        return true;
    fp_at = caller->sp + (uintptr_t)(intptr_t)frame->fp_at;
    return fp_at - stack->low < room &&
           regs_unbiased(memory_load(fp_at)) == caller->fp;
}

/*
 * From caller down to the last frame, first if it goes well, whose words are there.
 * Which frames have more between them than a step is no part of it, so that none
 * waits for the one before.
 */
static const struct unwind_frame *
run_down(struct unwind_range stack, const struct unwind_frame *first,
         const struct unwind_frame *caller)
{
    while (caller > first && (caller[-1].flags & FRAME_STEPPED) &&
           still_steps(&stack, caller - 1, caller))
        caller--;
    return caller;
}

/* Has the frame still no caller? By its rule, or by a return address of 0. */
static bool still_is_root(const struct walker *w,
                          const struct unwind_frame *frame)
{
    return (frame->flags & FRAME_ROOT) &&
           (frame->ra_at == 0 ||
            holds(w, frame->sp + (uintptr_t)(intptr_t)frame->ra_at, 0));
}

static bool is_on_stack(const struct walker *w, const struct unwind_frame *frame)
{
    return frame->sp - w->memory.now.low <=
           w->memory.now.high - w->memory.now.low;
}

/* From the root's end of frames [low, high) down. */
static void recall(struct walker *w, uint32_t low, uint32_t high)
{
    const struct unwind_frame *frames = w->stack->frame;
    const struct unwind_frame *caller, *tail = 0;
    const struct unwind_frame *first = frames + low;

    while (high > low && !is_on_stack(w, &frames[high - 1]))
        high--;
    w->end = high;
    w->old = high;
    w->tail = high;
    w->meet_sp = UINTPTR_MAX;
    if (high == low)
        return;
    caller = &frames[high - 1];
    if (high != w->stack->capacity || !still_is_root(w, caller))
        tail = caller + 1;
    for (;;) {
        const struct unwind_frame *frame;

        caller = run_down(w->memory.now, first, caller);
        if (caller == first ||
            (caller - 1 == first && (first->flags & FRAME_BESIDE)))
            break;
        frame = caller[-1].flags & FRAME_BESIDE ? caller - 2 : caller - 1;
        if (!(frame->flags & FRAME_STEPPED) || is_mark(caller, FORMAT_MARK_GAP))
            tail = tail ? tail : caller;
        else if (!still_steps(&w->memory.now, frame, caller))
            break;
        caller = frame;
    }
    tail = tail ? tail : caller;
    w->old = (uint32_t)(caller - frames);
    w->tail = (uint32_t)(tail - frames);
    w->meet_sp = caller->sp;
}

/* Where the last walk's frames begin, if they are of any use. */
static uint32_t first_frame(const struct walker *w)
{
    const struct unwind_stack *stack = w->stack;

    return stack->epoch == w->snapshot->epoch ? stack->top : stack->capacity;
}

void sigprof__memo_begin(struct walker *w)
{
    struct unwind_stack *stack = w->stack;
    uint32_t low = first_frame(w);
    uint32_t high = stack->capacity;

    if (stack->has_signal) {
        high = low;
        while (high < stack->capacity &&
               !is_mark(&stack->frame[high], FORMAT_MARK_SIGNAL))
            high++;
        stack->has_signal = false;
    }
    recall(w, low, high);
}

void sigprof__memo_beyond_signal(struct walker *w)
{
    uint32_t first = first_frame(w);
    uint32_t low = w->stack->capacity;

    w->stack->has_signal = true;
    while (low > first &&
           !is_mark(&w->stack->frame[low - 1], FORMAT_MARK_SIGNAL))
        low--;
    recall(w, low, w->stack->capacity);
}

void sigprof__memo_other_stack(struct walker *w)
{
    recall(w, w->end, w->stack->capacity);
}

/* Makes w->old the first frame that may be w->at. false: there is none. */
static bool approach(struct walker *w)
{
    const struct unwind_frame *frame = w->stack->frame;

    while (w->old < w->end && frame[w->old].sp < w->at.sp)
        w->old++;
    /* A leaf may have no frame: its caller has the same sp. */
    if (ARCH_LINK && w->old + 1 < w->end &&
        frame[w->old].flags & FRAME_EXACT && frame[w->old].sp == w->at.sp &&
        frame[w->old].pc != w->at.pc)
        w->old++;
    w->meet_sp = w->old < w->end ? frame[w->old].sp : UINTPTR_MAX;
    return w->old < w->end;
}

/* Does a step begin at the fp that frame w->old has, before another is restored? */
static bool uses_fp(const struct walker *w)
{
    const struct unwind_frame *frame = &w->stack->frame[w->old];
    const struct unwind_frame *end = w->stack->frame + w->end;

    for (; frame < end && !(frame->flags & FRAME_BY_FP); frame++)
        if (!(frame->flags & (FRAME_STEPPED | FRAME_BESIDE)) || frame->fp_at)
            return false;
    return frame < end;
}

static bool meets(struct walker *w)
{
    const struct unwind_frame *frame;

    /* What its registers have may not be what is on the stack. */
    if (walker_has_window(w) || !approach(w))
        return false;
    frame = &w->stack->frame[w->old];
    if (frame->sp != w->at.sp || frame->pc != w->at.pc ||
        !(frame->flags & FRAME_EXACT) != !w->at.exact ||
        (ARCH_RECORD_IS_LOW && !(frame->flags & FRAME_LOW) != !w->at.low))
        return false;
    if (!uses_fp(w))
        return true;
    *w->fp_flags |= FRAME_FP_CHECKED;
    return frame->fp == w->at.fp;
}

/* The fp that frame's caller has, which is to be the next. */
static uintptr_t next_fp(const struct walker *w,
                         const struct unwind_frame *frame,
                         const struct unwind_frame *caller, uintptr_t fp)
{
    uintptr_t at = caller->sp + (uintptr_t)(intptr_t)frame->fp_at;

    return frame->fp_at == 0 || sigprof__memory_is_outside(&w->memory, at)
               ? fp
               : regs_unbiased(memory_load(at));
}

/* The part of the last walk that begins with w->old becomes this walk's own, and
 * w->at the last of its frames. */
static void take_over(struct walker *w)
{
    const struct unwind_frame *frame = &w->stack->frame[w->old];
    const struct unwind_frame *end = w->stack->frame + w->end;
    uintptr_t fp = w->at.fp;

    for (;;) {
        const struct unwind_frame *caller = frame + 1;

        w->last = unwind_push(w->stack, &w->count);
        *w->last = *frame;
        w->last->fp = fp;
        if (caller == end || !(frame->flags & FRAME_STEPPED))
            break;
        w->guessed |= frame->flags & FRAME_GUESSED;
        if (caller->flags & FRAME_BESIDE) {
            w->guessed = true;
            *unwind_push(w->stack, &w->count) = *caller++;
        }
        if (caller == end || is_mark(caller, FORMAT_MARK_GAP))
            break;
        if (frame->fp_at)
            w->fp_flags = &w->last->flags;
        fp = next_fp(w, frame, caller, fp);
        frame = caller;
    }
    w->old = (uint32_t)(frame - w->stack->frame) + 1;
    w->last->flags &= FRAME_EXACT | FRAME_LOW;
    w->at.pc = frame->pc;
    w->at.sp = frame->sp;
    w->at.fp = fp;
    w->at.exact = frame->flags & FRAME_EXACT;
    w->at.low = frame->flags & FRAME_LOW;
}

enum memo sigprof__memo_meet(struct walker *w)
{
    if (!meets(w))
        return MEMO_NOTHING;
    if (w->old >= w->tail)
        return MEMO_REST;
    take_over(w);
    return MEMO_PART;
}

uint32_t sigprof__memo_root(const struct walker *w)
{
    uint32_t first = w->old > w->tail ? w->old : w->tail;

    return first < w->end && w->end == w->stack->capacity
               ? w->end - first
               : 0;
}

static bool is_guess(const struct unwind_frame *frame)
{
    return frame->flags & (FRAME_BESIDE | FRAME_GUESSED);
}

/* So that a walk which shares less than that is not said to have a guess. */
void sigprof__memo_keep(struct unwind_stack *stack, bool guessed)
{
    uint32_t count = stack->capacity - stack->top;

    if (!guessed)
        stack->sure = UINT32_MAX;
    if (stack->sure < stack->shared || !guessed)
        return;
    stack->sure = stack->shared;
    while (stack->sure < count &&
           !is_guess(&stack->frame[stack->capacity - 1 - stack->sure]))
        stack->sure++;
}
