/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The default engine: complete stacks from the tables that compilers leave for
 * exceptions. Signal-safe.
 *
 * Theory. A frame is (pc, sp, fp). Its rule, nearly always "CFA is sp or fp plus
 * n, return address below it, caller's fp at CFA - m", is a function of the pc;
 * its step to the caller is a function of the three and of the one or two words
 * that the rule has read. Three consequences make three tiers:
 *
 *  memo   The last walk's frames are remembered with the places of those words.
 *         Where a walk arrives at a remembered frame and all words above still
 *         have their values, the rest of the stack is the same, and nothing has
 *         to be looked up. Most of a stack is the same as 10 ms before.
 *  cache  Rules by address, 32 bits each, for all threads. It is filled here, by
 *         the first walk that needs a rule: nothing is built at start.
 *  exact  The interpreter (rules.c), with all registers where a rule asks for
 *         more than the three (exact.c).
 *
 * Then come objects that the last refresh has not seen (pull.c), and flagged
 * guesses for code without rules (guess.c).
 *
 * What is remembered is void when a module has gone: snapshot->unloads is in
 * each cache entry's check word, and compared with the stack's epoch. An entry
 * is written by two plain stores; one that is read torn fails its check.
 */
#include "unwind/walker.h"

#include "arch/arch.h"
#include "unwind/packed.h"

#define RULE_COST 8     /* steps that interpreting CFI counts for */
#define FP_AT_MAX 32768 /* struct unwind_frame has 16 bits for it */

struct cfi_cached *sigprof__cfi_cache;

/* ---- Cache ------------------------------------------------------------- */

static struct cfi_cached *cache_slot(uintptr_t key)
{
    /* Fibonacci hashing: the high bits of the product are well mixed. */
    uint64_t hash = (uint64_t)key * 0x9e3779b97f4a7c15u;

    return &sigprof__cfi_cache[hash >> (64 - CFI_CACHE_BITS)];
}

static uint64_t cache_check(uintptr_t key, uint32_t rule, uint32_t unloads)
{
    uint64_t mixed = ((uint64_t)key ^ (uint64_t)rule << 24) *
                     0xff51afd7ed558ccdu;

    return (mixed ^ mixed >> 32 ^ unloads) << 32 | rule;
}

static uint32_t cache_get(const struct walker *w, uintptr_t key)
{
    struct cfi_cached *slot;
    uint64_t word;

    if (!sigprof__cfi_cache)
        return PACKED_UNKNOWN;
    slot = cache_slot(key);
    if (atomic_load_explicit(&slot->address, memory_order_relaxed) != key)
        return PACKED_UNKNOWN;
    word = atomic_load_explicit(&slot->rule, memory_order_relaxed);
    if (word != cache_check(key, (uint32_t)word, w->snapshot->unloads))
        return PACKED_UNKNOWN;
    return (uint32_t)word;
}

static void cache_put(const struct walker *w, uintptr_t key, uint32_t rule)
{
    struct cfi_cached *slot;

    if (!sigprof__cfi_cache)
        return;
    slot = cache_slot(key);
    atomic_store_explicit(&slot->address, key, memory_order_relaxed);
    atomic_store_explicit(&slot->rule,
                          cache_check(key, rule, w->snapshot->unloads),
                          memory_order_relaxed);
}

/* ---- Steps ------------------------------------------------------------- */

/* Looks the rule up in the module's tables and remembers it. */
static __attribute__((noinline)) uint32_t learn(struct walker *w, uintptr_t key)
{
    const struct module *module = sigprof__module_find(w->snapshot, key);
    struct rules *rules = &w->state->rules;
    struct rules_unit *unit = &w->state->unit;
    uint32_t rule = PACKED_NONE;

    w->steps -= w->steps < RULE_COST ? w->steps : RULE_COST;
    if (!module)
        return PACKED_EXACT; /* pulled, or guessed */
    if (sigprof__cfi_find(module, key, unit) == CFI_FOUND &&
        sigprof__rules_run(rules, unit, key))
        rule = sigprof__pack(&rules->row, unit, key);
    cache_put(w, key, rule);
    return rule;
}

static int step_packed(struct walker *w, uint32_t rule)
{
    uintptr_t base = PACKED_KIND(rule) == PACKED_SP ? w->at.sp : w->at.fp;
    uintptr_t cfa = base + PACKED_CFA(rule);
    uintptr_t fp_below = PACKED_FP_BELOW(rule);
    uintptr_t fp = w->at.fp;
    uintptr_t pc;

    if (cfa <= w->at.sp || (cfa & (ARCH_STACK_ALIGN - 1)) != 0)
        return FORMAT_END_BAD_ADDRESS;
    if (sigprof__memory_is_outside(&w->memory, cfa + ARCH_RA_AT))
        sigprof__memory_enter(&w->memory, w->walk, w->at.sp);
    if (!sigprof__memory_read(&w->memory, cfa + ARCH_RA_AT, &pc) ||
        (fp_below && !sigprof__memory_read(&w->memory, cfa - fp_below, &fp)))
        return walker_unreadable(w);
    if (pc < FORMAT_FIRST_PC)
        return pc == 0 ? FORMAT_END_COMPLETE : FORMAT_END_BAD_ADDRESS;
    if (fp_below <= FP_AT_MAX) {
        w->last->ra_at = ARCH_RA_AT;
        w->last->fp_at = (int16_t)-(intptr_t)fp_below;
        w->last->flags |= FRAME_STEPPED;
    }
    w->at.pc = pc;
    w->at.sp = cfa;
    w->at.fp = fp;
    w->at.exact = false;
    return STEP_ON;
}

static __attribute__((noinline)) int step_guessed(struct walker *w)
{
    struct guess guess = {false, 0};
    int step = sigprof__cfi_guess(w, &w->at, w->count == 1, &guess);

    if (step >= 0)
        return step;
    if (step == STEP_NO_CFI)
        return w->memory.now.high == 0 ? FORMAT_END_FOREIGN_STACK
                                       : FORMAT_END_NO_RULE;
    w->guessed = true;
    if (guess.verifies) {
        w->last->ra_at = ARCH_RA_AT;
        w->last->fp_at = guess.fp_at;
        w->last->flags |= FRAME_STEPPED;
    }
    return step;
}

static int step(struct walker *w)
{
    uintptr_t key = place_key(w->at.pc, w->at.exact);
    uint32_t rule = cache_get(w, key);
    int result = STEP_NO_CFI;

    if (rule == PACKED_UNKNOWN)
        rule = learn(w, key);
    switch (PACKED_KIND(rule)) {
    case PACKED_SP:
    case PACKED_FP:
        return step_packed(w, rule);
    case PACKED_ROOT:
        w->last->flags |= FRAME_ROOT;
        return FORMAT_END_COMPLETE;
    case PACKED_EXACT:
        result = sigprof__cfi_exact(w);
        break;
    default:
        break;
    }
    return result == STEP_NO_CFI ? step_guessed(w) : result;
}

/* ---- The walk ---------------------------------------------------------- */

static void push(struct walker *w)
{
    struct unwind_frame *frame = unwind_push(w->stack, &w->count);

    frame->pc = w->at.pc;
    frame->sp = w->at.sp;
    frame->fp = w->at.fp;
    frame->flags = w->at.exact ? FRAME_EXACT : 0;
    w->last = frame;
}

static void push_mark(struct walker *w, uintptr_t mark, unsigned flags)
{
    struct unwind_frame *frame = unwind_push(w->stack, &w->count);

    frame->pc = mark;
    frame->sp = 0;
    frame->fp = 0;
    frame->flags = (uint16_t)flags;
}

static bool holds(const struct walker *w, uintptr_t address, uintptr_t value)
{
    return !sigprof__memory_is_outside(&w->memory, address) &&
           (address & (ARCH_WORD - 1)) == 0 &&
           *(const volatile uintptr_t *)address == value;
}

/* From frame number index of the last walk towards the root, as long as the
 * steps between still hold: the last frame that is right. */
static uint32_t verify(const struct walker *w, uint32_t index)
{
    const struct unwind_stack *stack = w->stack;

    for (;;) {
        const struct unwind_frame *frame = &stack->frame[index];
        uint32_t next = index + 1;
        const struct unwind_frame *caller = frame + 1;

        if (!(frame->flags & FRAME_STEPPED) || next == stack->capacity)
            return index;
        if (caller->flags & FRAME_BESIDE) {
            if (++next == stack->capacity)
                return index;
            caller++;
        }
        if (!holds(w, caller->sp + (uintptr_t)(intptr_t)frame->ra_at,
                   caller->pc))
            return index;
        if (frame->fp_at &&
            !holds(w, caller->sp + (uintptr_t)(intptr_t)frame->fp_at,
                   caller->fp))
            return index;
        index = next;
    }
}

/* Is w->at one of the last walk's frames, number w->old? Both go up. */
static bool meets(struct walker *w)
{
    const struct unwind_stack *stack = w->stack;
    const struct unwind_frame *frame;

    while (w->old < stack->capacity &&
           stack->frame[w->old].sp < w->at.sp &&
           stack->frame[w->old].pc != FORMAT_MARK_SIGNAL)
        w->old++;
    if (w->old == stack->capacity)
        return false;
    frame = &stack->frame[w->old];
    return frame->sp == w->at.sp && frame->pc == w->at.pc &&
           frame->fp == w->at.fp &&
           !(frame->flags & FRAME_EXACT) == !w->at.exact;
}

/* A signal changes the stack, or goes down on it: begin anew with the frames
 * at the root's end that no signal is between. */
static void meet_beyond_signal(struct walker *w)
{
    const struct unwind_stack *stack = w->stack;

    w->old = stack->capacity;
    while (w->old > stack->top &&
           stack->frame[w->old - 1].pc != FORMAT_MARK_SIGNAL)
        w->old--;
}

/* Goes on behind frame number index of the last walk: those up to it become
 * part of this walk's own. */
static void take_over(struct walker *w, uint32_t index)
{
    const struct unwind_frame *frame = &w->stack->frame[w->old];

    for (; w->old <= index; w->old++, frame++) {
        w->last = unwind_push(w->stack, &w->count);
        *w->last = *frame;
        w->guessed |= frame->flags & FRAME_BESIDE;
    }
    w->last->flags &= FRAME_EXACT;
    w->at.pc = w->last->pc;
    w->at.sp = w->last->sp;
    w->at.fp = w->last->fp;
    w->at.exact = w->last->flags & FRAME_EXACT;
}

/* true: the rest of the stack is as it was; else w->at is a frame to step. */
static bool arrive(struct walker *w)
{
    uint32_t index;

    if (!meets(w)) {
        push(w);
        return false;
    }
    index = verify(w, w->old);
    if (w->stack->frame[index].flags & FRAME_ROOT)
        return true;
    take_over(w, index);
    return false;
}

static void begin(struct walker *w, struct unwind_walk *walk)
{
    struct unwind_stack *stack = walk->stack;

    w->walk = walk;
    w->stack = stack;
    w->snapshot = sigprof__modules();
    w->state = (struct cfi_state *)(void *)stack->window->scratch;
    w->at.pc = regs_pc(walk->ucontext);
    w->at.sp = regs_sp(walk->ucontext);
    w->at.fp = regs_fp(walk->ucontext);
    w->at.exact = true;
    w->count = 0;
    w->last = 0;
    w->steps = UNWIND_STEPS_MAX;
    w->has_point = false;
    w->guessed = false;
    w->old = stack->top;
    if (!w->snapshot || stack->epoch != w->snapshot->unloads)
        w->old = stack->capacity;
    sigprof__memory_begin(&w->memory, walk, w->at.sp);
    if (w->at.pc < FORMAT_FIRST_PC) /* a call through a null pointer */
        w->at.pc = FORMAT_FIRST_PC;
}

/* Until the root, or a frame from where there is no way on. */
static int climb(struct walker *w, uint32_t *kept)
{
    for (;;) {
        int result;

        if (arrive(w)) {
            *kept = w->stack->capacity - w->old;
            w->guessed |= w->stack->end & FORMAT_END_GUESSED;
            return FORMAT_END_COMPLETE;
        }
        if (w->steps == 0)
            return FORMAT_END_DEPTH;
        w->steps--;
        result = step(w);
        if (result >= 0)
            return result;
        if (result == STEP_SIGNAL) {
            push_mark(w, FORMAT_MARK_SIGNAL, 0);
            meet_beyond_signal(w);
        } else if (result == STEP_GUESSED) {
            push_mark(w, FORMAT_MARK_GUESS, FRAME_BESIDE);
        }
    }
}

void sigprof__unwind_cfi(struct unwind_walk *walk)
{
    struct unwind_stack *stack = walk->stack;
    struct walker w;
    uint32_t kept = 0;
    bool unknown;
    int end;

    begin(&w, walk);
    if (!w.snapshot) { /* nothing is known yet: frame pointers, at least */
        sigprof__unwind_fp(walk);
        return;
    }
    unknown = w.memory.now.high == 0;
    end = climb(&w, &kept);
    if (w.guessed)
        end |= FORMAT_END_GUESSED;
    if (unknown)
        end |= FORMAT_END_UNKNOWN_STACK;
    stack->end = (uint8_t)end;
    stack->epoch = w.snapshot->unloads;
    sigprof__unwind_join(stack, w.count, kept);
}
