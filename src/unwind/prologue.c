/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames by the code that makes them. Signal-safe.
 *
 * Compilers for some CPUs (mips, riscv, arm) leave no unwind tables for C, nor does
 * code keep a frame pointer there. But a frame is made at one place, near its
 * function's begin: from pc back, the first instruction that makes room on the stack
 * is looked for; from there on it is read how much, and where the return address is
 * put. That is believed if a return address is there. One that is not sends the
 * search further back: code may have been moved, or data between looks like code.
 *
 * A function that was interrupted may not have made its frame yet, or have left it
 * already, or never make one: then the link register has its caller.
 */
#include "unwind/packed.h"
#include "unwind/walker.h"

#ifdef ARCH_CODE_UNIT

#define BACK_BYTES 16384u /* nearly all functions are shorter */
#define MAKING_BYTES 320u /* within which a frame is made */
#define TRIES 4
#define CHUNK_BYTES 512u
#define READ_COST 4    /* steps that copying a chunk counts for, */
#define LOOK_BYTES 64u /* ... and bytes that are looked at in one */

_Static_assert(CHUNK_BYTES + ARCH_CODE_BYTES <= PULL_CIE_BYTES + PULL_FDE_BYTES,
               "the scratch area is too small");

#define NOINLINE __attribute__((noinline))

/* The part of the code that is at hand: bytes [low, high), and a few behind. */
struct window {
    uintptr_t low, high;
};

static const uint8_t *code_at(struct walker *w, struct window *window,
                              uintptr_t at, bool backwards)
{
    uint8_t *code = walker_state(w)->pulled;

    if (at - window->low >= window->high - window->low) {
        window->low = backwards ? at + ARCH_CODE_UNIT - CHUNK_BYTES : at;
        window->high = window->low + CHUNK_BYTES;
        walker_charge(w, READ_COST);
        if (!sigprof__cfi_read_code(w, window->low, code,
                                    CHUNK_BYTES + ARCH_CODE_BYTES)) {
            window->low = window->high = 0;
            return 0;
        }
    }
    return code + (at - window->low);
}

/* Back from pc to where a frame is begun; 0: nowhere near. returns: a return is
 * between. */
static NOINLINE uintptr_t find_begin(struct walker *w, uintptr_t pc,
                                     uintptr_t bytes, bool *returns)
{
    struct window window = {0, 0};

    *returns = false;
    for (uintptr_t at = pc - ARCH_CODE_UNIT; pc - at <= bytes;
         at -= ARCH_CODE_UNIT) {
        const uint8_t *code = code_at(w, &window, at, true);

        if ((pc - at) % LOOK_BYTES == 0)
            walker_charge(w, 1);
        if (!code)
            return 0;
        if (arch_frame_begins(code))
            return at;
        *returns |= arch_is_return(code);
    }
    return 0;
}

/* What has been made of the frame on the way from begin to pc. Where it is given back
 * and the function left before pc, pc is on another way, which has it still. */
static NOINLINE void read_frame(struct walker *w, uintptr_t begin, uintptr_t pc,
                                struct arch_frame_made *made)
{
    struct arch_frame_made whole = {0, 0, 0, 0, false};
    struct window window = {0, 0};
    uintptr_t at = begin;
    bool given_back = false;

    *made = whole;
    while (at < pc && at - begin < MAKING_BYTES) {
        const uint8_t *code = code_at(w, &window, at, false);
        unsigned bytes;

        if (!given_back)
            whole = *made;
        bytes = code ? arch_frame_read(code, made) : 0;
        if (bytes == 0)
            break;
        given_back |= made->bytes < whole.bytes;
        at += bytes;
    }
    if (given_back && at < pc)
        *made = whole;
}

/* Is pc where a function returns to, with sp: behind a call, where stacks begin, or a
 * handler's end? */
static bool is_returned_to(struct walker *w, uintptr_t pc, uintptr_t sp)
{
    intptr_t at;

    return sigprof__cfi_follows_call(w, pc) || sigprof__cfi_is_root(w, pc) ||
           sigprof__cfi_is_trampoline(w, pc, sp, &at);
}

/* The frame's caller, if there is a return address where it should be. */
static bool has_caller(struct walker *w, const struct place *place,
                       const struct arch_frame_made *made, struct place *caller)
{
    uintptr_t cfa = made->has_fp
                        ? place->fp + (uintptr_t)(intptr_t)made->fp_below
                        : place->sp + (uintptr_t)(intptr_t)made->bytes;

    if (made->ra_at == 0 || made->ra_at < INT16_MIN || cfa <= place->sp ||
        (cfa & (ARCH_STACK_ALIGN - 1)) != 0 ||
        (place_is_low(place) && !made->has_fp) ||
        !sigprof__memory_read(&w->memory,
                              cfa + (uintptr_t)(intptr_t)made->ra_at,
                              &caller->pc))
        return false;
    caller->pc = arch_return_address(caller->pc);
    caller->sp = cfa;
    caller->fp = place->fp;
    caller->exact = false;
    caller->low = false;
    return is_returned_to(w, caller->pc, cfa) &&
           (made->fp_at == 0 ||
            sigprof__memory_read(&w->memory,
                                 cfa + (uintptr_t)(intptr_t)made->fp_at,
                                 &caller->fp));
}

/* Is the link register of this very function, which has made a call? */
static bool is_own_link(struct walker *w, uintptr_t begin, uintptr_t pc,
                        uintptr_t link)
{
    bool returns;

    return link > begin && link - begin < BACK_BYTES &&
           (link <= pc || find_begin(w, link, link - begin, &returns) == begin);
}

/* Is link, with sp, a return address into what is known? */
static bool is_linked(struct walker *w, uintptr_t link, uintptr_t sp)
{
    intptr_t at;

    return (sigprof__module_find(w->snapshot, link) &&
            (sigprof__cfi_follows_call(w, link) ||
             sigprof__cfi_is_root(w, link))) ||
           sigprof__cfi_is_trampoline(w, link, sp, &at);
}

/* What place's link register holds, where that is at hand: where the walk begins, and
 * where a signal has interrupted. */
static bool find_link(const struct walker *w, const struct place *place,
                      bool first, uintptr_t *link)
{
    const struct registers *point = &walker_state(w)->point;

    if (first)
        *link = regs_get(w->memory.walk->ucontext, REGS_LINK);
    else if (place->exact && w->has_point &&
             point->value[REGS_PC] == place->pc &&
             point->value[REGS_SP] == place->sp)
        *link = point->value[REGS_LINK];
    else
        return false;
    *link = arch_return_address(*link);
    return true;
}

/* place was interrupted. In a module the link register may hold anything once it has
 * been saved, and while that is so; of one that is not known yet it alone is believed. */
static bool guess_interrupted(struct walker *w, struct place *place,
                              uintptr_t begin, uintptr_t link,
                              const struct arch_frame_made *made, bool returns)
{
    bool known = sigprof__module_find(w->snapshot, place->pc) != 0;
    struct place caller;
    uintptr_t cfa = place->sp;
    bool linked;

    if (begin && made->ra_at == 0 && !returns)
        cfa += (uintptr_t)(intptr_t)made->bytes;
    linked = is_linked(w, link, cfa);
    if (begin && has_caller(w, place, made, &caller) &&
        (linked ? caller.pc == link ||
                      (known && is_own_link(w, begin, place->pc, link))
                : known && !returns)) {
        *place = caller;
        return true;
    }
    if (!linked || (begin && !returns && made->bytes && made->ra_at &&
                    is_own_link(w, begin, place->pc, link)))
        return false;
    place->sp = cfa;
    place->pc = link;
    place->exact = false;
    return true;
}

/* What a rule that was read says of the frame, and back. The CFA of tables is above
 * sp at the function's begin where callees save registers there. */
static void from_rule(uint32_t rule, struct arch_frame_made *made)
{
    int fp_below = (int)PACKED_FP_BELOW(rule);

    made->has_fp = PACKED_KIND(rule) == PACKED_FP_READ;
    made->bytes = (int)PACKED_CFA(rule) - ARCH_CFA_SP;
    made->fp_below = made->bytes;
    made->ra_at = (int)PACKED_RA_AT(rule) + ARCH_CFA_SP;
    made->fp_at = fp_below != 0 ? ARCH_CFA_SP - fp_below : 0;
}

static uint32_t to_rule(const struct arch_frame_made *made)
{
    struct packed_return ra = {RULE_AT, made->ra_at - ARCH_CFA_SP, REGS_LINK};
    uint32_t rule = sigprof__pack_simple(
        made->has_fp ? PACKED_FP_READ : PACKED_SP_READ,
        (made->has_fp ? made->fp_below : made->bytes) + ARCH_CFA_SP,
        made->fp_at ? ARCH_CFA_SP - made->fp_at : 0, &ra);

    return PACKED_KIND(rule) == PACKED_EXACT ? (uint32_t)PACKED_NONE : rule;
}

uint32_t sigprof__prologue_rule(struct walker *w)
{
    struct arch_frame_made made;
    bool returns;
    uintptr_t begin = find_begin(w, w->at.pc, BACK_BYTES, &returns);

    if (begin == 0)
        return PACKED_NONE;
    read_frame(w, begin, w->at.pc, &made);
    return made.ra_at ? to_rule(&made) : (uint32_t)PACKED_NONE;
}

/* place has called, and made is what it may have made of its frame. */
static bool guess_caller(struct walker *w, struct place *place,
                         const struct arch_frame_made *made,
                         struct guess *guess)
{
    struct place caller;

    if (!has_caller(w, place, made, &caller))
        return false;
    *place = caller;
    guess->verifies = !made->has_fp;
    guess->ra_at = (int16_t)made->ra_at;
    guess->fp_at = (int16_t)made->fp_at;
    return true;
}

int sigprof__cfi_prologue(struct walker *w, struct place *place, bool first,
                          struct guess *guess)
{
    struct arch_frame_made made = {0, 0, 0, 0, false};
    uintptr_t begin = place->pc;
    uintptr_t link = 0;
    bool has_link = find_link(w, place, first, &link);
    bool returns = false;

    if (!first && !sigprof__module_find(w->snapshot,
                                        place_key(place->pc, place->exact)))
        return STEP_NO_CFI;
    if (!place->exact && sigprof__cfi_is_root(w, place->pc))
        return FORMAT_END_COMPLETE;
    if (guess->rule) {
        from_rule(guess->rule, &made);
        if (guess_caller(w, place, &made, guess))
            return STEP_GUESSED;
    }
    for (int i = 0; i < TRIES; i++) {
        begin = find_begin(w, begin, BACK_BYTES, &returns);
        if (begin == 0 && !has_link)
            break;
        if (begin)
            read_frame(w, begin, place->pc, &made);
        guess->verifies = false;
        if (has_link)
            return guess_interrupted(w, place, begin, link, &made, returns)
                       ? STEP_GUESSED
                       : STEP_NO_CFI;
        if (guess_caller(w, place, &made, guess))
            return STEP_GUESSED;
    }
    return sigprof__cfi_begins_program(w, place->sp) ? FORMAT_END_COMPLETE
                                                     : STEP_NO_CFI;
}

bool sigprof__cfi_hides_frame(struct walker *w, uintptr_t pc)
{
    const struct rules_unit *unit = &walker_state(w)->unit;
    struct arch_frame_made made;

    for (const uint8_t *at = unit->program.at; at < unit->program.end; at++)
        if (*at != CFA_NOP)
            return false;
    read_frame(w, unit->low, pc, &made);
    return made.bytes > 0;
}

#else /* tables, chains or the stack say more there */

uint32_t sigprof__prologue_rule(struct walker *w)
{
    (void)w;
    return PACKED_NONE;
}

bool sigprof__cfi_hides_frame(struct walker *w, uintptr_t pc)
{
    (void)w;
    (void)pc;
    return false;
}

int sigprof__cfi_prologue(struct walker *w, struct place *place, bool first,
                          struct guess *guess)
{
    (void)w;
    (void)place;
    (void)first;
    (void)guess;
    return STEP_NO_CFI;
}

#endif
