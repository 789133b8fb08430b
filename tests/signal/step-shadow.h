/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The truth of the single-step oracle: a shadow stack of calls and returns.
 *
 * Whatever steps the program (a trap flag, a debugger, an emulator) says after
 * each instruction where it is. A call puts its return address there; what lies
 * below the stack pointer is gone. The contents of the program's stack are never
 * believed later, so code that rewrites a return address does not change the
 * truth; the jump that follows does.
 */
#ifndef STEP_SHADOW_H
#define STEP_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

#define SHADOW_MAX 4096
#define SHADOW_BASE_MAX 64

struct shadow_entry {
    uintptr_t slot; /* where the return address lies */
    uintptr_t pc;
    uint64_t chain; /* hash of this entry and all below it */
    bool signal;    /* pc was interrupted by one */
};

struct shadow {
    struct shadow_entry entry[SHADOW_MAX]; /* the latest call is last */
    unsigned count;
    uintptr_t base[SHADOW_BASE_MAX]; /* return addresses above the stepped code */
    unsigned base_count;
    uintptr_t pc, sp;   /* where the program is; pc 0: not known yet */
    uintptr_t restorer; /* of the handlers entered; 0: none was */
    bool adrift; /* calls were left without returning from them, as longjmp does */
    bool jumped; /* the last instruction has landed behind that, or returned to
                    where nothing was called from */
};

/* A new program, or part of one: its frames begin below base (leaf first). */
void shadow_begin(struct shadow *shadow, const uintptr_t *base,
                  unsigned base_count);

/* Stepping starts or goes on at a place that no step led to. */
void shadow_resume(struct shadow *shadow);

/* The program has run one instruction and is at pc now. */
void shadow_step(struct shadow *shadow, uintptr_t pc, uintptr_t sp);

/* A handler has interrupted the program at pc, and returns to restorer, the trampoline.
 * slot: where that lies. */
void shadow_signal(struct shadow *shadow, uintptr_t pc, uintptr_t sp,
                   uintptr_t slot, uintptr_t restorer);

/* A call that was not stepped. */
void shadow_call(struct shadow *shadow, uintptr_t slot, uintptr_t back);

/* Frames behind pc, leaf first; signal: the frame was interrupted. */
unsigned shadow_depth(const struct shadow *shadow);
uintptr_t shadow_frame(const struct shadow *shadow, unsigned index,
                       bool *signal);

/* Equal for equal (pc, chain); different, but for accidents of 2^-64. */
uint64_t shadow_hash(const struct shadow *shadow);

#endif
