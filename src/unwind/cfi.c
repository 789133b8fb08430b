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
 *         to be looked up. Most of a stack is the same as 10 ms before. (memo.c)
 *  cache  Rules by address, 32 bits each, for all threads: one knows what another
 *         has learnt, and memory does not grow with them. It is filled here, by
 *         the first walk that needs a rule: nothing is built at start.
 *  exact  The interpreter (rules.c), with all registers where a rule asks for
 *         more than the three (exact.c).
 *
 * A table of all rules of a module, built outside the handler, would answer a
 * pc's first look-up in a third of the time that its FDE takes (brief.c). But
 * building libLLVM's takes as long as 100,000 such look-ups, and a program has
 * few pcs that are both sampled and new: so there is none.
 *
 * Then come objects that the last refresh has not seen (pull.c), and flagged
 * guesses for code without rules (guess.c).
 *
 * What is learnt of addresses is void when a module has gone: snapshot->unloads is
 * in each cache entry's tag. A stack is forgotten with each new snapshot, since
 * guesses may be in it of what is known now. A cache entry is one word, so it is
 * never seen half written.
 */
#include "unwind/walker.h"

#include "unwind/cache.h"
#include "unwind/exidx.h"
#include "unwind/packed.h"
#include "unwind/window.h"

/* Off the hot path, with their locals. */
#define NOINLINE __attribute__((noinline))

#define FP_AT_MAX 32768 /* struct unwind_frame has 16 bits for it */

_Atomic uint64_t *sigprof__cfi_cache;

/* ---- Steps ------------------------------------------------------------- */

static uint32_t read_rule(struct rules *rules, const struct rules_unit *unit,
                          uintptr_t key)
{
    uint32_t rule = sigprof__brief(unit, key);

    if (rule != PACKED_UNKNOWN)
        return rule;
    return sigprof__rules_run(rules, unit, key)
               ? sigprof__pack(&rules->row, unit, key)
               : (uint32_t)PACKED_NONE;
}

/* Looks up the rule for key, which is pc or the byte before it, in the module's
 * tables, and remembers it. */
static NOINLINE uint32_t learn(struct walker *w, uintptr_t pc, uintptr_t key,
                               struct cache_place place)
{
    const struct module *module = sigprof__module_find(w->snapshot, key);
    struct rules *rules = &walker_state(w)->rules;
    struct rules_unit *unit = &walker_state(w)->unit;
    uint32_t rule = PACKED_NONE;
    intptr_t at;

    if (!module) {
        walker_charge(w, RULE_COST);
        return sigprof__cfi_generated(w, key);
    }
    if (walker_find(w, module->cfi, key) == CFI_FOUND)
        rule = read_rule(rules, unit, key);
    if (rule == (PACKED_SP | PACKED_CFA_WORD) &&
        sigprof__cfi_hides_push(w, pc, pc == key))
        rule += PACKED_CFA_WORD;
    if (rule == PACKED_SP && sigprof__cfi_hides_frame(w, pc))
        rule = PACKED_NONE;
    if ((rule == PACKED_NONE || packed_may_lie(rule)) &&
        sigprof__cfi_is_trampoline(w, pc, 0, &at))
        rule = PACKED_EXACT;
    if (rule == PACKED_NONE)
        rule = sigprof__exidx_rule(w);
    if (rule == PACKED_NONE && pc != key)
        rule = sigprof__prologue_rule(w);
    rule = sigprof__window_rule(w, key, rule);
    cache_put(place, rule);
    return rule;
}

/* Where the walk comes to another stack than address is on, or from a guard page to
 * one, that is the one it is on. */
static void follow_stack(struct walker *w, uintptr_t address)
{
    if (!sigprof__memory_is_outside(&w->memory, address))
        return;
    sigprof__memory_enter(&w->memory, w->memory.walk, w->at.sp);
    sigprof__memo_other_stack(w);
}

uint32_t sigprof__cfi_rule(struct walker *w)
{
    uintptr_t key = place_key(w->at.pc, w->at.exact);
    struct cache_place place = cache_place(w, key);
    uint32_t rule = cache_get(place);

    return rule == PACKED_UNKNOWN ? learn(w, w->at.pc, key, place) : rule;
}

static void mark_guessed(struct walker *w)
{
    w->guessed = true;
    w->last->flags |= FRAME_GUESSED;
}

#ifdef ARCH_WINDOWS

/* Of a frame that has called, the window is no guess. */
static int step_guessed(struct walker *w, uint32_t rule)
{
    (void)rule;
    if (w->at.exact)
        mark_guessed(w);
    return sigprof__window_guess(w);
}

#else

static NOINLINE int step_guessed(struct walker *w, uint32_t rule)
{
    struct guess guess = {false, false, false, rule, 0, 0};
    int step;

    follow_stack(w, w->at.sp);
    step = sigprof__cfi_prologue(w, &w->at, w->count == 1, &guess);
    if (step == STEP_NO_CFI)
        step = sigprof__cfi_guess(w, &w->at, w->count == 1, &guess);
    if (step == STEP_NO_CFI)
        step = sigprof__cfi_scan(w, &w->at, &guess);
    if (step == STEP_NO_CFI && guess.doubts)
        step = sigprof__cfi_guess(w, &w->at, w->count == 1, &guess);
    if (step != STEP_NO_CFI && !guess.certain)
        mark_guessed(w);
    if (step == FORMAT_END_COMPLETE) {
        w->last->ra_at = 0;
        w->last->flags |= FRAME_ROOT;
    }
    if (step >= 0)
        return step;
    if (step == STEP_NO_CFI)
        return w->memory.now.high == 0 ? FORMAT_END_FOREIGN_STACK
                                       : FORMAT_END_NO_RULE;
    if (guess.verifies) {
        w->last->ra_at = guess.ra_at;
        w->last->fp_at = guess.fp_at;
        walker_note_step(w, guess.fp_at != 0, guess.fp_at != 0);
    }
    return step;
}

#endif

static void move_to(struct walker *w, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    w->at.pc = pc;
    w->at.sp = sp;
    w->at.fp = fp;
    w->at.exact = false;
    w->at.low = false;
}

#if ARCH_LINK
/* The return address is in the link register: only where the walk began is that
 * at hand. Frames above cannot have it there, but for those under a signal. */
static int step_linked(struct walker *w, uintptr_t cfa, uintptr_t fp_below)
{
    uintptr_t fp = w->at.fp;
    uintptr_t pc;

    if (w->count != 1)
        return sigprof__cfi_exact(w);
    pc = arch_return_address(regs_get(w->memory.walk->ucontext, REGS_LINK));
    if (fp_below && !sigprof__memory_read(&w->memory, cfa - fp_below, &fp))
        return walker_unreadable(w);
    if (pc < FORMAT_FIRST_PC)
        return pc == 0 ? FORMAT_END_COMPLETE : FORMAT_END_BAD_ADDRESS;
    move_to(w, pc, cfa - ARCH_CFA_SP, fp);
    return STEP_ON;
}
#else
#define step_linked(w, cfa, fp_below) FORMAT_END_BAD_ADDRESS
#endif

#ifdef ARCH_UNTOLD_PUSHES
#define may_push_untold(at, by_fp) ((at)->exact && !(by_fp))
#else
#define may_push_untold(at, by_fp) false
#endif

/* What it has pushed beside what its rule tells of, which changes the return address. */
static NOINLINE uintptr_t untold_pushes(struct walker *w, uintptr_t ra_at,
                                        uintptr_t *pc)
{
    uintptr_t bytes = sigprof__cfi_untold_pushes(w, ra_at, pc);

    if (bytes)
        mark_guessed(w);
    return bytes;
}

/* The frame's return address, at ra_at, is 0: where stacks begin on CPUs whose
 * start-up code has no rule that says so. */
static int end_at_zero(struct walker *w, uintptr_t ra_at)
{
    intptr_t at = (intptr_t)(ra_at - w->at.sp);

    if (at != 0 && at == (int16_t)at && !place_is_low(&w->at)) {
        w->last->ra_at = (int16_t)at;
        w->last->flags |= FRAME_ROOT;
    }
    return FORMAT_END_COMPLETE;
}

static NOINLINE int step_packed(struct walker *w, uint32_t rule)
{
    bool by_fp = PACKED_KIND(rule) == PACKED_FP;
    uintptr_t cfa = (by_fp ? w->at.fp : w->at.sp) + PACKED_CFA(rule);
    uintptr_t fp_below = PACKED_FP_BELOW(rule);
    uintptr_t fp = w->at.fp;
    uintptr_t ra_at;
    uintptr_t pc;

    if (packed_is_window(rule))
        return sigprof__window_step(w, rule);
    if (PACKED_IN_LINK(rule) && !w->at.exact) { /* it has called */
        if (!sigprof__cfi_lost(w, cfa))
            return step_guessed(w, 0);
        mark_guessed(w);
        return STEP_GUESSED;
    }
    if (place_is_low(&w->at) && !by_fp) {
        if (!fp_below)
            return step_guessed(w, 0);
        cfa = w->at.fp + fp_below; /* fp is where it has saved its caller's */
        by_fp = true;
    }
    ra_at = cfa + (uintptr_t)PACKED_RA_AT(rule);
    if (!walker_is_above(cfa - ARCH_CFA_SP, w->at.sp, w->at.exact) ||
        (cfa & (ARCH_STACK_ALIGN - 1)) != 0)
        return FORMAT_END_BAD_ADDRESS;
    if (PACKED_IN_LINK(rule))
        return step_linked(w, cfa, fp_below);
    follow_stack(w, ra_at);
    if (!sigprof__memory_read(&w->memory, ra_at, &pc) ||
        (fp_below && !sigprof__memory_read(&w->memory, cfa - fp_below, &fp)))
        return walker_unreadable(w);
    pc = arch_return_address(pc);
    if (may_push_untold(&w->at, by_fp))
        cfa += untold_pushes(w, ra_at, &pc);
    if (pc < FORMAT_FIRST_PC)
        return pc == 0 ? end_at_zero(w, ra_at) : FORMAT_END_BAD_ADDRESS;
    cfa -= ARCH_CFA_SP;
    if (fp_below <= FP_AT_MAX) {
        w->last->ra_at = (int16_t)(PACKED_RA_AT(rule) + ARCH_CFA_SP);
        w->last->fp_at = fp_below ? (int16_t)(ARCH_CFA_SP - (intptr_t)fp_below)
                                  : 0;
        walker_note_step(w, by_fp, fp_below != 0);
    }
    move_to(w, pc, cfa, fp);
    return STEP_ON;
}

static inline struct unwind_frame *push(struct walker *w,
                                        const struct place *at)
{
    struct unwind_frame *frame = unwind_push(w->stack, &w->count);

    frame->pc = at->pc;
    frame->sp = at->sp;
    frame->fp = at->fp;
    frame->flags = (uint16_t)((at->exact ? FRAME_EXACT : 0) |
                              (place_is_low(at) ? FRAME_LOW : 0));
    return frame;
}

/* step_packed where all is as usual; else false, and nothing was changed. */
static inline bool hop(struct walker *w, struct place *at, uint32_t rule)
{
    bool by_fp = PACKED_KIND(rule) == PACKED_FP;
    uintptr_t cfa = (by_fp ? at->fp : at->sp) + PACKED_CFA(rule);
    uintptr_t fp_below = PACKED_FP_BELOW(rule);
    uintptr_t ra_at = cfa + (uintptr_t)PACKED_RA_AT(rule);
    struct unwind_frame *last = w->last;
    uintptr_t pc;

    if (packed_is_window(rule))
        return by_fp && hop_window(w, at);
    if ((!by_fp && PACKED_KIND(rule) != PACKED_SP) || PACKED_IN_LINK(rule) ||
        place_is_low(at) || may_push_untold(at, by_fp) ||
        cfa - ARCH_CFA_SP <= at->sp ||
        (cfa & (ARCH_STACK_ALIGN - 1)) != 0 || fp_below > FP_AT_MAX ||
        sigprof__memory_is_outside(&w->memory, ra_at) ||
        (fp_below && sigprof__memory_is_outside(&w->memory, cfa - fp_below)))
        return false;
    pc = arch_return_address(memory_load(ra_at));
    if (pc < FORMAT_FIRST_PC)
        return false;
    at->pc = pc;
    at->sp = cfa - ARCH_CFA_SP;
    at->exact = false;
    last->ra_at = (int16_t)(PACKED_RA_AT(rule) + ARCH_CFA_SP);
    last->fp_at = 0;
    walker_note_step(w, by_fp, fp_below != 0);
    if (fp_below) {
        at->fp = memory_load(cfa - fp_below);
        last->fp_at = (int16_t)(ARCH_CFA_SP - (intptr_t)fp_below);
    }
    return true;
}

/*
 * From w->at, which is frame w->last, as far as it goes by such steps, and to a
 * frame that the last walk may have had: those on the way are pushed. PACKED_UNKNOWN: w->at
 * is to arrive; else the rule by which to step it. Where the walk is stays in
 * registers meanwhile.
 */
static NOINLINE uint32_t run_ahead(struct walker *w)
{
    struct place at = w->at;
    uint32_t rule;

    for (;;) {
        uintptr_t key = place_key(at.pc, at.exact);
        struct cache_place place = cache_place(w, key);

        rule = cache_get(place);
        if (rule == PACKED_UNKNOWN) {
            w->at = at;
            rule = learn(w, at.pc, key, place);
        }
        if (!hop(w, &at, rule))
            break;
        rule = PACKED_UNKNOWN;
        if (at.sp >= w->meet_sp || w->steps == 0)
            break;
        w->steps--;
        w->last = push(w, &at);
    }
    w->at = at;
    return rule;
}

/* By a rule that code was read for: right as a rule, but a guess. */
static int step_read(struct walker *w, uint32_t read)
{
    uint32_t rule = read - (PACKED_SP_READ - PACKED_SP);
    int result;

    if (ARCH_HAS_CODE)
        return step_guessed(w, read);
    result = ARCH_HAS_WINDOWS ? sigprof__window_read(w, rule)
                              : step_packed(w, rule);
    w->guessed = true;
    if (w->last->flags & FRAME_STEPPED)
        w->last->flags |= FRAME_GUESSED;
    return result;
}

static int step(struct walker *w)
{
    uint32_t rule = run_ahead(w);
    int result = STEP_NO_CFI;

    switch (PACKED_KIND(rule)) {
    case PACKED_UNKNOWN:
        return STEP_ON;
    case PACKED_SP:
    case PACKED_FP:
        return step_packed(w, rule);
    case PACKED_SP_READ:
    case PACKED_FP_READ:
        return step_read(w, rule);
    case PACKED_ROOT:
        w->last->ra_at = 0;
        w->last->flags |= FRAME_ROOT;
        return FORMAT_END_COMPLETE;
    case PACKED_EXACT:
        result = sigprof__cfi_exact(w);
        break;
    default:
        break;
    }
    return result == STEP_NO_CFI ? step_guessed(w, 0) : result;
}

/* ---- The walk ---------------------------------------------------------- */

static void push_mark(struct walker *w, uintptr_t mark, unsigned flags)
{
    struct unwind_frame *frame = unwind_push(w->stack, &w->count);

    frame->pc = mark;
    frame->sp = 0;
    frame->fp = 0;
    frame->flags = (uint16_t)flags;
}

/* true: the rest of the stack is as it was; else w->at is a frame to step. */
static bool arrive(struct walker *w)
{
    enum memo memo = MEMO_NOTHING;

    if (w->at.sp >= w->meet_sp)
        memo = sigprof__memo_meet(w);
    if (memo == MEMO_NOTHING)
        w->last = push(w, &w->at);
    return memo == MEMO_REST;
}

static void begin(struct walker *w, struct unwind_walk *walk)
{
    w->stack = walk->stack;
    w->snapshot = sigprof__modules();
    w->at.pc = regs_pc(walk->ucontext);
    w->at.sp = regs_sp(walk->ucontext);
    w->at.exact = true;
    w->at.low = false;
    w->count = 0;
    w->last = 0;
    w->steps = UNWIND_STEPS_MAX;
    w->has_point = false;
    w->guessed = false;
    w->fp_flags = &w->stack->no_flags;
    sigprof__memory_begin(&w->memory, walk, w->at.sp);
#ifdef ARCH_WINDOWS
    sigprof__window_begin(w, 0);
#else
    w->at.fp = regs_fp(walk->ucontext);
#endif
    if (w->snapshot)
        sigprof__memo_begin(w);
    if (w->at.pc < FORMAT_FIRST_PC) /* a call through a null pointer */
        w->at.pc = FORMAT_FIRST_PC;
}

/* In place of the frame that the handler was to return to, where that is none. */
static void mark_signal(struct walker *w)
{
#ifdef REGS_MARKED_RETURN
    if (w->last->pc == REGS_MARKED_RETURN) {
        w->last->pc = FORMAT_MARK_SIGNAL;
        w->last->flags = 0;
        return;
    }
#endif
    push_mark(w, FORMAT_MARK_SIGNAL, 0);
}

/* No steps are left. What still holds of the last walk's root side is above, in
 * all likelihood: it becomes the end of this one. */
static NOINLINE int give_up(struct walker *w, uint32_t *kept)
{
    *kept = sigprof__memo_root(w);
    if (*kept == 0)
        return FORMAT_END_DEPTH;
    push_mark(w, FORMAT_MARK_GAP, 0);
    w->guessed |= *kept > w->stack->sure;
    return FORMAT_END_COMPLETE | FORMAT_END_GUESSED;
}

/* Until the root, or a frame from where there is no way on. kept: how many of the
 * last walk's frames are the rest. */
static int climb(struct walker *w, uint32_t *kept)
{
    for (;;) {
        int result;

        if (arrive(w)) {
            *kept = w->stack->capacity - w->old;
            w->guessed |= *kept > w->stack->sure;
            return FORMAT_END_COMPLETE;
        }
        if (w->steps == 0)
            return give_up(w, kept);
        w->steps--;
        result = step(w);
        if (result >= 0)
            return result;
        if (result == STEP_SIGNAL) {
            mark_signal(w);
            sigprof__memo_beyond_signal(w);
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
    stack->epoch = w.snapshot->epoch;
    sigprof__unwind_join(stack, w.count, kept);
    sigprof__memo_keep(stack, w.guessed);
}
