/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Past a return address that nobody can tell. Signal-safe.
 *
 * A function that has called may have left its own return address where neither rules
 * nor registers lead: glibc's swapcontext for aarch64 in the context that it switches
 * from, libstdc++'s __cxa_end_cleanup for arm nowhere. Such code keeps nothing on the
 * stack, so where its frame ends that of its caller begins, which nobody can tell
 * either: that one frame is left out. But its caller's return address is among the next
 * words: the first that follows a call, and from where rules lead on, frame by frame, to
 * calls that could have been of the one before. How far above it the caller's sp lies is
 * found by trying.
 */
#include "unwind/walker.h"

#ifdef ARCH_RA_SPAN

#include "unwind/packed.h"

#define WORDS 256  /* that such a frame has at most */
#define FUNCTION_BYTES 0x10000u /* nearly all are shorter */
#define STEPS 3    /* that chance does not make, */
#define STEPS_MIN 2 /* ... nor so many up to one that has no usual rule */

/* Could the call in front of back be one of the function that pc is in? */
static bool may_have_called(struct walker *w, uintptr_t back, uintptr_t pc)
{
    uint8_t code[ARCH_CALL_BYTES];
    uintptr_t target;

    return !sigprof__cfi_read_code(w, back - ARCH_CALL_BYTES, code, sizeof code) ||
           !arch_called(code, back, &target) || pc - target < FUNCTION_BYTES ||
           (sigprof__cfi_read_code(w, target, code, sizeof code) &&
            arch_is_stub(code));
}

/* w->at to its caller by a usual rule, and nothing else of w is changed. */
static bool try_step(struct walker *w, uint32_t rule)
{
    bool by_fp = PACKED_KIND(rule) == PACKED_FP ||
                 PACKED_KIND(rule) == PACKED_FP_READ;
    uintptr_t cfa = (by_fp ? w->at.fp : w->at.sp) + PACKED_CFA(rule);
    uintptr_t fp_below = PACKED_FP_BELOW(rule);
    uintptr_t pc;

    if (PACKED_IN_LINK(rule) || cfa <= w->at.sp ||
        (cfa & (ARCH_STACK_ALIGN - 1)) != 0 ||
        !sigprof__memory_read(&w->memory, cfa + (uintptr_t)PACKED_RA_AT(rule),
                              &pc) ||
        (fp_below &&
         !sigprof__memory_read(&w->memory, cfa - fp_below, &w->at.fp)))
        return false;
    w->at.pc = arch_return_address(pc);
    w->at.sp = cfa;
    return sigprof__module_find(w->snapshot, w->at.pc) != 0;
}

/* Do rules lead on from w->at, to return addresses or to the stack's end? */
static bool leads_on(struct walker *w)
{
    uintptr_t below = 0;

    for (unsigned i = 0; i < STEPS; i++) {
        uint32_t rule = sigprof__cfi_rule(w);
        uintptr_t pc = w->at.pc;

        if (PACKED_KIND(rule) == PACKED_ROOT ||
            PACKED_KIND(rule) == PACKED_EXACT ||
            PACKED_KIND(rule) == PACKED_NONE)
            return i >= STEPS_MIN ||
                   (i > 0 && sigprof__cfi_is_put_there(w, &w->at));
        if (!sigprof__cfi_follows_call(w, pc) ||
            (below && !may_have_called(w, pc, below)) || !try_step(w, rule))
            return false;
        below = pc;
    }
    return true;
}

static void be_at(struct walker *w, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    w->at.pc = pc;
    w->at.sp = sp;
    w->at.fp = fp;
    w->at.exact = false;
    w->at.low = false;
}

/* pc has been saved at slot: with which sp does it lead on? */
static bool try_slot(struct walker *w, uintptr_t slot, uintptr_t pc,
                     uintptr_t fp)
{
    uintptr_t sp = (slot + ARCH_WORD + ARCH_STACK_ALIGN - 1) &
                   ~(uintptr_t)(ARCH_STACK_ALIGN - 1);

    /* The record of the frame that is left out: fp beside pc. */
    if (fp + (uintptr_t)ARCH_RECORD_PC == slot &&
        !sigprof__memory_read(&w->memory, fp + (uintptr_t)ARCH_RECORD_FP, &fp))
        return false;
    for (; sp - slot <= ARCH_RA_SPAN; sp += ARCH_STACK_ALIGN) {
        walker_charge(w, STEPS);
        be_at(w, pc, sp, fp);
        if (leads_on(w)) {
            be_at(w, pc, sp, fp);
            return true;
        }
    }
    return false;
}

bool sigprof__cfi_lost(struct walker *w, uintptr_t frame_end)
{
    uintptr_t pc = w->at.pc, sp = w->at.sp, fp = w->at.fp;
    uintptr_t word;

    if (place_is_low(&w->at))
        return false;
    for (unsigned i = 0; i < WORDS && w->steps > 0; i++) {
        uintptr_t slot = frame_end + i * ARCH_WORD;

        walker_charge(w, 1);
        if (!sigprof__memory_read(&w->memory, slot, &word))
            break;
        word = arch_return_address(word);
        if (sigprof__module_find(w->snapshot, word) &&
            sigprof__cfi_follows_call(w, word) && try_slot(w, slot, word, fp))
            return true;
    }
    be_at(w, pc, sp, fp);
    return false;
}

#else /* no function is known there that does so, and calls */

bool sigprof__cfi_lost(struct walker *w, uintptr_t frame_end)
{
    (void)w;
    (void)frame_end;
    return false;
}

#endif
