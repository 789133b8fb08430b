/* SPDX-License-Identifier: BSD-2-Clause */
/* Code to be single-stepped: step-work.c, and what the stepper gives it. */
#ifndef STEP_WORK_H
#define STEP_WORK_H

#include <signal.h>
#include <ucontext.h>

struct step_work {
    const char *name;
    void (*run)(void);
};
extern const struct step_work step_works[];

/* Sets the trap flag; step_test.c, with its CFI. */
void step_arm(void);

/* First in a handler that is to be stepped too: the kernel delivers signals
 * with the trap flag off. slot: where its return address lies. */
void step_enter_handler(const ucontext_t *interrupted, void *slot);

extern const char *step_module; /* path of a module with a constructor */

#endif
