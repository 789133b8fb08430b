/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Return addresses among the words of a stack. Signal-safe.
 *
 * A function with neither rules nor a frame pointer, which has called another (all
 * of musl are so): its return address is one of the next words. Some that look like
 * one are left over from calls that are over; the right one is behind a call of
 * this function, where calls say whom they call, else it is the first. Where the
 * stack ends, or the program's arguments begin, there is none.
 */
#include "unwind/walker.h"

#define ARGC_MAX 0xffffff /* execve takes less than 8 MiB of arguments */

/* What the kernel puts on a new program's stack: argc, its arguments, 0, and the
 * environment, whose text lies behind that of the arguments. */
bool sigprof__cfi_begins_program(struct walker *w, uintptr_t at)
{
    uintptr_t argc, first, last, next;

    return sigprof__memory_read(&w->memory, at, &argc) && argc > 0 &&
           argc <= ARGC_MAX &&
           sigprof__memory_read(&w->memory, at + ARCH_WORD, &first) &&
           first > at && first - at <= ARGC_MAX &&
           sigprof__memory_read(&w->memory, at + (argc + 1) * ARCH_WORD,
                                &last) &&
           last == 0 &&
           sigprof__memory_read(&w->memory, at + (argc + 2) * ARCH_WORD,
                                &next) &&
           (next == 0 || (next > first && next - first <= ARGC_MAX));
}

#ifdef ARCH_CALLS_SAY

/* One's locals are not beside another's: little of the stack is left down here. */
#define NOINLINE __attribute__((noinline))

#define SCAN_WORDS 192     /* the frame of musl's qsort has 120 */
#define SCAN_ABOVE 0x4000u /* bytes that such a function is long at most, */
#define SCAN_BELOW 0x1000u /* ... or one is that it has jumped to */

/* What a word above sp is, for a function without rules that pc is in. */
enum scanned { SCANNED_NOTHING, SCANNED_MAYBE, SCANNED_CALL };

/* Through a stub of the PLT, if target is one; 0: where to cannot be read. */
static uintptr_t behind_stub(struct walker *w, uintptr_t target)
{
    uint8_t *code = walker_state(w)->pulled;
    uintptr_t slot, function;

    if (!sigprof__cfi_read_code(w, target, code, ARCH_STUB_BYTES) ||
        !arch_stub(code, target, &slot))
        return target;
    return sigprof__memory_copy(&w->memory, slot, &function, sizeof function)
               ? function
               : 0;
}

/* What the word is; the function's start is put in *function if the call says. */
static enum scanned look_at_word(struct walker *w, uintptr_t pc, uintptr_t word,
                                 uintptr_t *function)
{
    uint8_t *code = walker_state(w)->pulled;
    uintptr_t target;

    if (!sigprof__module_find(w->snapshot, word) ||
        !sigprof__cfi_read_code(w, word - ARCH_CALL_BYTES, code, ARCH_CALL_BYTES) ||
        !arch_follows_call(code))
        return SCANNED_NOTHING;
    if (!arch_call_target(code, word, &target))
        return SCANNED_MAYBE;
    if (pc + SCAN_BELOW - target >= SCAN_ABOVE + SCAN_BELOW)
        target = behind_stub(w, target);
    *function = target;
    if (target == 0)
        return SCANNED_MAYBE;
    return pc + SCAN_BELOW - target < SCAN_ABOVE + SCAN_BELOW
               ? SCANNED_CALL
               : SCANNED_NOTHING;
}

/* Where a function has saved its caller's fp, from the caller's sp, and what that
 * is; 0: it has not. */
static NOINLINE int16_t pushed_fp(struct walker *w, uintptr_t function,
                         uintptr_t caller_sp, uintptr_t *fp)
{
    uint8_t *code = walker_state(w)->pulled;
    unsigned push = 0;
    int at;

    for (int jumps = 0; jumps < 2 && push == 0; jumps++) {
        if (!sigprof__cfi_read_code(w, function, code, ARCH_PUSH_BYTES))
            return 0;
        push = arch_fp_push(code, &function);
    }
    at = -(int)(push + 1) * ARCH_WORD;
    if (push == 0 ||
        !sigprof__memory_read(&w->memory,
                              caller_sp + (uintptr_t)(intptr_t)at, fp))
        return 0;
    return (int16_t)at;
}

/* What looking at the words above sp has come to. */
struct scan {
    enum scanned what;  /* of the word taken; SCANNED_NOTHING: none yet */
    bool ends;          /* no caller can be above */
    uintptr_t back;     /* the word */
    uintptr_t sp;       /* behind it */
    uintptr_t function; /* that its call names */
};

static bool scan_words(struct walker *w, const struct place *place,
                       struct scan *scan)
{
    uintptr_t at = place->sp;
    uintptr_t high = w->memory.now.high;

    for (unsigned i = 0; i < SCAN_WORDS && scan->what != SCANNED_CALL; i++) {
        uintptr_t function = 0;
        enum scanned what;
        uintptr_t word;

        walker_charge(w, 1);
        if ((high && at >= high) || sigprof__cfi_begins_program(w, at))
            scan->ends |= scan->what == SCANNED_NOTHING;
        if ((high && at >= high) ||
            !sigprof__memory_read(&w->memory, at, &word))
            break;
        at += ARCH_WORD;
        what = look_at_word(w, place->pc, word, &function);
        if (what > scan->what) {
            scan->what = what;
            scan->back = word;
            scan->sp = at;
            scan->function = function;
        }
    }
    return scan->what == SCANNED_CALL ||
           (scan->what == SCANNED_MAYBE && !scan->ends);
}

bool sigprof__cfi_calls_another(struct walker *w, uintptr_t function_pc,
                                uintptr_t pc)
{
    uintptr_t function;

    return look_at_word(w, function_pc, pc, &function) == SCANNED_NOTHING;
}

int sigprof__cfi_scan(struct walker *w, struct place *place, struct guess *guess)
{
    struct scan scan = {SCANNED_NOTHING, false, 0, 0, 0};
    uintptr_t fp = place->fp;

    if (place_is_low(place) || !sigprof__module_find(w->snapshot, place->pc))
        return STEP_NO_CFI;
    if (!scan_words(w, place, &scan))
        return scan.ends && !guess->doubts ? FORMAT_END_COMPLETE : STEP_NO_CFI;
    if (guess->doubts && scan.what != SCANNED_CALL)
        return STEP_NO_CFI;
    guess->verifies = true;
    guess->ra_at = -ARCH_WORD;
    guess->fp_at = 0;
    if (scan.what == SCANNED_CALL)
        guess->fp_at = pushed_fp(w, scan.function, scan.sp, &fp);
    place->pc = scan.back;
    place->sp = scan.sp;
    place->fp = fp;
    place->exact = false;
    place->low = false;
    return STEP_GUESSED;
}

#else /* a function's code says more there */

bool sigprof__cfi_calls_another(struct walker *w, uintptr_t function_pc,
                                uintptr_t pc)
{
    (void)w;
    (void)function_pc;
    (void)pc;
    return false;
}

int sigprof__cfi_scan(struct walker *w, struct place *place, struct guess *guess)
{
    (void)w;
    (void)place;
    (void)guess;
    return STEP_NO_CFI;
}

#endif
