/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wall clock: every thread is charged for every period of elapsed time,
 * whether it runs or sleeps.
 *
 * The sampler (sampler.h) looks at a thread's CPU clock:
 *
 *      it has moved        the thread ran, and may be anywhere now. If it sleeps,
 *                          the system tells where, and the sampler walks its
 *                          stack from outside, by reads that cannot fault. If it
 *                          runs, or that walk does not reach the root with the
 *                          two registers that are known, it gets a signal.
 *      it has not          it is where it was: the period is added to the stack
 *                          that it has. No signal, so no call is interrupted.
 *
 * So a thread is signalled at most once after it last ran. A signal wakes a
 * sleeper, which then goes to sleep again where it was (or handles the broken
 * call): the same place is the same stack, and not a reason for another signal. Where
 * it does not go back, but sleeps elsewhere, it is asked there.
 *
 * A thread that is found runnable was running for as long as its CPU clock says,
 * and for the rest it waited for a CPU.
 *
 * Of a gap between two looks, what the thread has not run belongs to the sleep before;
 * half of it if it is found in another sleep.
 *
 * A thread's stack belongs to whoever has entered its slot: its handler or the
 * sampler. Nobody waits for it: a handler that finds the sampler inside leaves, and
 * is asked again.
 */
#ifndef SIGPROF_CLOCK_WALL_H
#define SIGPROF_CLOCK_WALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "format.h"

struct slot;

enum wall_stack {
    WALL_STACK_NONE,   /* it ran since the slot's stack was walked */
    WALL_STACK_SEEN,   /* walked from outside, or looked at since: it sleeps there */
    WALL_STACK_HANDLED /* walked by its handler; nobody has looked since */
};

#define WALL_STATES (FORMAT_STATE_WAITING + 1) /* that we can tell apart */

/* A slot's part of the clocks that the sampler makes tick. */
struct wall_account {
    /* atomic: the handler's and the sampler's */
    _Atomic uint32_t owed[WALL_STATES]; /* periods, by enum format_state */
    _Atomic bool signalled;             /* and not handled yet */
    _Atomic int stack;                  /* enum wall_stack */
    _Atomic uintptr_t pc, sp;           /* where the handler found it */
    _Atomic uintptr_t label_at; /* the thread's sigprof__label; 0: not known */
    _Atomic uintptr_t guest_at; /* ... sigprof__guest */

    /* the sampler's; threads_lock */
    bool armed;
    uint64_t cpu_ns;      /* when last looked at */
    uint64_t elsewhere_ns; /* cpu_ns at which it slept not where it was handled; 0 */
    uint64_t run_ns;      /* CPU time up to which `running` was charged */
    uint32_t looked;      /* tick of that */
    uint32_t still;       /* ticks since it was seen to run */
    uint32_t repeats;     /* periods of sleep that are not in the ring yet */
    uint32_t label;       /* of the stack */
    uint32_t unanswered;  /* looks since the signal */
    uint64_t blocked;     /* periods in which it blocked SIGPROF */
    struct slot *next;    /* in the list of those to be looked at together */
    struct slot **link;   /* what points to this slot there; NULL: nothing */
};

/* Signal-safe. The sampler's signal has come to the slot's thread. */
void sigprof__wall_tick(struct slot *slot, const void *ucontext);

/* Signal-safe. A SIGPROF without a sender: the system had no room for the value.
 * Is it the sampler's to this slot's thread? */
bool sigprof__wall_expects(const struct slot *slot);

#endif
