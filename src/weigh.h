/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weights, held against the threads' CPU clocks.
 *
 * A timer counts the ticks that came while one was pending; what else is lost (a
 * signal that somebody took, a period that a late event ran past) nobody counts.
 * So the drain compares what a thread has used with what its samples stand for,
 * and what is missing is owed: the handler adds it to the weights of the samples
 * that follow, at most about as much to each as it has itself.
 *
 * Of a thread whose event leaves the kernel out, what is missing is the time it
 * spent there: the drain writes it into the ring as a sample of its own, with one
 * frame, [kernel].
 *
 * A thread that blocks SIGPROF is owed nothing; its time is in the balance sheet.
 * The clock of the process (ITIMER_PROF) is not corrected: what it misses shows.
 *
 * All of these with threads_lock.
 */
#ifndef SIGPROF_WEIGH_H
#define SIGPROF_WEIGH_H

#include <stdbool.h>

struct slot;

/* A new ring is there. */
void sigprof__weigh_begin(void);

/* slot->cpu_last_ns was read just now. */
void sigprof__weigh(struct slot *slot);

/* The same for the last time: no tick is to come. blocked: it blocks SIGPROF. */
void sigprof__weigh_end(struct slot *slot, bool blocked);

#endif
