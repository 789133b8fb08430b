/* SPDX-License-Identifier: BSD-2-Clause */
/* Code to be single-stepped, and what the stepper is to it. */
#ifndef STEP_WORK_H
#define STEP_WORK_H

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

#include "unwind/unwind.h"

/* ---- The stepper: step-trap.c, or another way of stepping ---------------- */

void step_open(void);
void step_run(void (*work)(void));

/* First in a handler that is to be stepped too, which returns to restorer. slot: where
 * that lies, where calls leave it on the stack. */
void step_enter_handler(const ucontext_t *interrupted, void *slot,
                        void *restorer);

/* judge_call: runs the cfi engine where its use of the stack is seen. */
void step_call(unwind_engine *engine, struct unwind_walk *walk);
unsigned step_stack_used(void); /* bytes, the most there were */

extern volatile bool step_stepping; /* in step_run */

/* ---- The workloads ------------------------------------------------------- */

struct step_work {
    const char *name;
    const char *(*prepare)(void); /* not stepped; NULL or why it cannot run */
    void (*run)(void);
    unsigned rounds; /* of run in the long test; 0: one */
};
extern const struct step_work step_works[];      /* step-work.c */
extern const struct step_work step_shapes[];    /* step-shapes.c */
extern const struct step_work step_libraries[]; /* step-libraries.c */

/* Which round of run this is, from 0 on: input that differs takes other paths. */
extern unsigned step_round;
extern bool step_is_long;

extern const char *step_module; /* path of a module with a constructor */
extern const char *step_throw;  /* ... of one that throws; NULL: there is none */

#endif
