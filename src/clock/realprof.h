/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setitimer(ITIMER_REALPROF), which illumos has: one timer in elapsed time, at each of
 * whose expiries the kernel notes of every thread what it is doing. A thread gets its
 * notes with a SIGPROF on its way back to user mode: one that computes at once, one
 * that sleeps when it wakes, with all that has come together, and with the stack that
 * it slept on. No call is interrupted, and no tick is lost.
 *
 * What it did on a CPU (user, system) is weighed and accounted for as by the CPU
 * clocks. The rest (sleep, faults, locks, waiting for a CPU) is put beside it with its
 * state, and is in no balance: sigprof-fold shows it by --root state.
 *
 * A thread that does not come back to user mode before the stop has told nothing.
 */
#ifndef SIGPROF_CLOCK_REALPROF_H
#define SIGPROF_CLOCK_REALPROF_H

#include <signal.h>

struct slot;

/* Signal-safe. A tick of it has come to the slot's thread. */
void sigprof__realprof_tick(struct slot *slot, const siginfo_t *info,
                            const void *ucontext);

#endif
