/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps over windows of registers, where the CPU has them: window.c has the theory.
 * Signal-safe. Elsewhere nothing is left of it in the code.
 */
#ifndef SIGPROF_UNWIND_WINDOW_H
#define SIGPROF_UNWIND_WINDOW_H

#include "unwind/packed.h"
#include "unwind/walker.h"

#ifdef ARCH_WINDOWS

#define ARCH_HAS_WINDOWS true

/* The registers that were interrupted are in a context, or the walk's own
 * (0), and w->at has their pc and sp: adds its fp. */
void sigprof__window_begin(struct walker *w, uintptr_t context);

/* A register of the latest context. */
bool sigprof__window_register(struct walker *w, unsigned column,
                              uintptr_t *value);

/* The rule to be remembered, where tables say rule: another where that is
 * PACKED_NONE, or says that there is no window, which hand-written functions leave it
 * at: PACKED_FP, or one read from code. PACKED_NONE: there is none that can be. */
uint32_t sigprof__window_rule(struct walker *w, uintptr_t key, uint32_t rule);

/* w->at to its caller, by PACKED_FP (it has a window of its own) or
 * PACKED_SP (its return address is in the link register); by such a rule that
 * window_rule read; or by nothing. As step(). */
int sigprof__window_step(struct walker *w, uint32_t rule);
int sigprof__window_read(struct walker *w, uint32_t rule);
int sigprof__window_guess(struct walker *w);

/* window_step where all is as usual; else false, and nothing was changed. */
static inline bool hop_window(struct walker *w, struct place *at)
{
    uintptr_t sp = at->fp;
    uintptr_t pc_at = at->sp + ARCH_WINDOW_PC;
    intptr_t ra_at = (intptr_t)(pc_at - sp);
    uintptr_t pc;

    if (w->has_window || sp <= at->sp || (sp & (ARCH_STACK_ALIGN - 1)) != 0 ||
        ra_at != (int16_t)ra_at ||
        sigprof__memory_is_outside(&w->memory, pc_at) ||
        sigprof__memory_is_outside(&w->memory, sp + ARCH_WINDOW_FP))
        return false;
    pc = arch_return_address(memory_load(pc_at));
    if (pc < FORMAT_FIRST_PC)
        return false;
    w->last->ra_at = (int16_t)ra_at;
    w->last->fp_at = ARCH_WINDOW_FP;
    walker_note_step(w, true, true);
    at->pc = pc;
    at->sp = sp;
    at->fp = regs_unbiased(memory_load(sp + ARCH_WINDOW_FP));
    at->exact = false;
    return true;
}

#else

#define ARCH_HAS_WINDOWS false

static inline uint32_t sigprof__window_rule(struct walker *w, uintptr_t key,
                                            uint32_t rule)
{
    (void)w;
    (void)key;
    return rule;
}

static inline int sigprof__window_step(struct walker *w, uint32_t rule)
{
    (void)w;
    (void)rule;
    return STEP_NO_CFI;
}

static inline int sigprof__window_read(struct walker *w, uint32_t rule)
{
    return sigprof__window_step(w, rule);
}

static inline bool hop_window(struct walker *w, struct place *at)
{
    (void)w;
    (void)at;
    return false;
}

#endif

#endif
