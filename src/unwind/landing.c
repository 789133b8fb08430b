/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks through the end of a throw. Signal-safe.
 *
 * The function that makes an exception land (libgcc's _Unwind_RaiseException or
 * _Unwind_Resume) writes the landing frame's registers into its own save area, its
 * return address among them, and only then moves the stack pointer there. For
 * those fifty instructions it seems to have been called by a frame whose stack
 * pointer is wrong. But the return address was copied from where that frame's own
 * call had put it, so it is found there, further up; at last the landing's own
 * address takes its place.
 */
#include "arch/arch.h"
#include "unwind/walker.h"

#if ARCH_LINK

/* There the address lies where each function likes: no one place to look at. */
int sigprof__cfi_land(struct walker *w, int step)
{
    (void)w;
    return step;
}

#else

#define LANDING_TRIALS 4   /* frames that chance does not make */
#define LANDING_WORDS 2048 /* 16 KiB of frames between a throw and its landing */

enum verdict { CREDIBLE, INCREDIBLE, CONFIRMED };

/* state->now to its caller, by a rule of the usual kind. One of another kind is
 * believed, as is the end of the stack. */
static enum verdict try_step(struct walker *w, uintptr_t thrower)
{
    struct cfi_state *state = walker_state(w);
    const struct rules_row *row = &state->rules.row;
    uintptr_t *now = state->now.value;
    unsigned base = row->cfa_register;
    uintptr_t cfa;

    if (row->kind[state->unit.ra_column] == RULE_UNDEFINED)
        return CONFIRMED;
    if (state->unit.signal || row->cfa_kind != RULE_REGISTER ||
        (base != REGS_SP && base != REGS_FP))
        return CONFIRMED;
    cfa = now[base] + (uintptr_t)(intptr_t)row->cfa_value;
    if (cfa <= now[REGS_SP] ||
        (row->kind[REGS_FP] == RULE_AT &&
         !sigprof__memory_read(
             &w->memory, cfa + (uintptr_t)(intptr_t)row->value[REGS_FP],
             &now[REGS_FP])) ||
        !sigprof__memory_read(&w->memory, cfa + (uintptr_t)ARCH_RA_AT,
                              &now[REGS_PC]))
        return INCREDIBLE;
    now[REGS_SP] = cfa;
    state->now.exact = false;
    /* Nobody throws in the call that throws. */
    return now[REGS_PC] != thrower &&
                   sigprof__cfi_follows_call(w, now[REGS_PC])
               ? CREDIBLE
               : INCREDIBLE;
}

/* The rules for state->now. */
static bool find_rules(struct walker *w)
{
    struct cfi_state *state = walker_state(w);
    uintptr_t key = place_key(state->now.value[REGS_PC], state->now.exact);
    const struct module *module = sigprof__module_find(w->snapshot, key);

    return module &&
           walker_find(w, module->cfi, key) == CFI_FOUND &&
           sigprof__rules_run(&state->rules, &state->unit, key);
}

/* Do the frames from state->now on look like a stack? [low, high): the function of
 * the first. */
static bool confirm(struct walker *w, uintptr_t *low, uintptr_t *high)
{
    struct cfi_state *state = walker_state(w);
    uintptr_t pc = state->now.value[REGS_PC];
    enum verdict verdict = CREDIBLE;

    *low = *high = 0;
    for (unsigned i = 0; i < LANDING_TRIALS && verdict == CREDIBLE; i++) {
        if (!find_rules(w))
            return true;
        if (i == 0) {
            *low = state->unit.low;
            *high = state->unit.high;
        }
        verdict = try_step(w, pc);
    }
    return verdict != INCREDIBLE;
}

/* Goes up from the frame's sp to a word in [low, high], which lay on top of the
 * stack when that frame was entered. */
static bool find_entry(struct walker *w, uintptr_t low, uintptr_t high)
{
    struct registers *now = &walker_state(w)->now;
    uintptr_t sp = now->value[REGS_SP];
    uintptr_t word;

    for (unsigned i = 0; i < LANDING_WORDS; i++, sp += ARCH_WORD) {
        if (!sigprof__memory_read(&w->memory, sp, &word))
            return false;
        if (word < low || word > high)
            continue;
        now->exact = word != now->value[REGS_PC];
        now->value[REGS_PC] = word;
        now->value[REGS_SP] = sp + ARCH_WORD;
        return true;
    }
    return false;
}

int sigprof__cfi_land(struct walker *w, int step)
{
    struct cfi_state *state = walker_state(w);
    uintptr_t pc = state->now.value[REGS_PC];
    uintptr_t low, high;
    bool right;

    if (step != STEP_ON || !rules_will_land(&state->rules.row))
        return step;
    registers_copy(&state->trial, &state->now);
    right = confirm(w, &low, &high);
    registers_copy(&state->now, &state->trial);
    if (!right && !find_entry(w, pc, pc) && pc - low < high - low)
        find_entry(w, low, high - 1);
    return step;
}

#endif
