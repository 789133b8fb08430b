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
#include "unwind/walker.h"

#ifdef ARCH_CODE_UNIT

#define BACK_BYTES 16384u /* nearly all functions are shorter */
#define MAKING_BYTES 256u /* within which a frame is made */
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

/* Is pc where a function returns to, with sp: behind a call, or a handler's end? */
static bool is_returned_to(struct walker *w, uintptr_t pc, uintptr_t sp)
{
    intptr_t at;

    return sigprof__cfi_follows_call(w, pc) ||
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

/* Where the tick is: w's walk begins here. */
static bool guess_first(struct walker *w, struct place *place, uintptr_t begin,
                        const struct arch_frame_made *made, bool returns)
{
    uintptr_t link = arch_return_address(
        regs_get(w->memory.walk->ucontext, REGS_LINK));
    struct place caller;
    uintptr_t cfa = place->sp;
    intptr_t at;

    if (begin && made->ra_at == 0 && !returns)
        cfa += (uintptr_t)(intptr_t)made->bytes;
    if (begin && has_caller(w, place, made, &caller) &&
        (caller.pc == link || is_own_link(w, begin, place->pc, link))) {
        *place = caller;
        return true;
    }
    if ((!sigprof__module_find(w->snapshot, link) ||
         !sigprof__cfi_follows_call(w, link) ||
         (begin && !returns && is_own_link(w, begin, place->pc, link))) &&
        !sigprof__cfi_is_trampoline(w, link, cfa, &at))
        return false;
    place->sp = cfa;
    place->pc = link;
    place->exact = false;
    return true;
}

int sigprof__cfi_prologue(struct walker *w, struct place *place, bool first,
                          struct guess *guess)
{
    struct arch_frame_made made = {0, 0, 0, 0, false};
    uintptr_t begin = place->pc;
    struct place caller;
    bool returns = false;

    if (!sigprof__module_find(w->snapshot,
                              place_key(place->pc, place->exact)))
        return STEP_NO_CFI;
    for (int i = 0; i < TRIES; i++) {
        begin = find_begin(w, begin, BACK_BYTES, &returns);
        if (begin == 0 && !first)
            break;
        if (begin)
            read_frame(w, begin, place->pc, &made);
        guess->verifies = false;
        if (first)
            return guess_first(w, place, begin, &made, returns) ? STEP_GUESSED
                                                                : STEP_NO_CFI;
        if (has_caller(w, place, &made, &caller)) {
            *place = caller;
            guess->verifies = !made.has_fp;
            guess->ra_at = (int16_t)made.ra_at;
            guess->fp_at = (int16_t)made.fp_at;
            return STEP_GUESSED;
        }
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
