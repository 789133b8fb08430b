/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIGPROF_TOGGLE: a signal that pauses and resumes sampling from outside.
 *
 * Its handler may interrupt anything, so it only posts a semaphore. A thread of
 * ours, there only while a toggle is, waits for that and calls what sigprof_pause
 * and _resume call, in their order among other calls; in a flight recorder a pause
 * writes the ring out too. The thread blocks every signal and is not sampled.
 *
 * The signal has to be free when sampling starts. A program that sets a handler of
 * its own later has it: ours is gone then, and is not put back; children that it
 * forks are profiled without a toggle. Ours stays behind
 * after a stop, so that a late signal does not kill.
 */
#ifndef SIGPROF_TOGGLE_H
#define SIGPROF_TOGGLE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Signal-safe: it is the signal. */
void sigprof__toggle_handler(int number);
extern _Atomic(sem_t *) sigprof__toggle_posted;

/* Control. Takes the signal and starts the thread. 0 or a SIGPROF_E… code. */
int sigprof__toggle_begin(int number);

/* Control. Ends the thread, if there is one. */
void sigprof__toggle_end(void);

/* Control, in a forked child: the thread is not here. */
void sigprof__toggle_after_fork(void);

/* Signals served since the start. Thread-safe. */
uint64_t sigprof__toggle_count(void);

/* Thread-safe. CPU time that the thread has used since the start. */
uint64_t sigprof__toggle_own_ns(void);

/* Thread id of the thread; 0: none. */
int sigprof__toggle_tid(void);

/* Is this the thread's start routine? */
bool sigprof__toggle_is_start(void *(*start)(void *));

#endif
