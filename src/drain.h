/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drain: a thread of ours. It copies samples and events from the ring into the
 * profile file a few times a second, finds threads and modules that nobody told
 * us of, and keeps blocks ready for the handler.
 *
 * A flight recorder has none: its samples stay in the ring.
 *
 * It blocks every signal, is never sampled, and has a table of descriptors of
 * its own where the system allows, so the program sees none of ours. Its CPU
 * time is a line of the balance sheet.
 */
#ifndef SIGPROF_DRAIN_H
#define SIGPROF_DRAIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "profile-file.h"

#define DRAIN_PASS_NS 250000000u /* between passes; the tail that a lost ring would cost */

/* Control. Starts the thread; threadless: there is none, and passes are made by who
 * asks for a flush. The file is created here, but for a forked child's, which its
 * drain creates after a moment. 0 or a SIGPROF_E… code. */
int sigprof__drain_start(const struct profile_name *name, bool forked,
                         bool threadless);

/* Control. Returns when what was committed before the call is in the file, or
 * SIGPROF_EFILE if it could not be written. */
int sigprof__drain_flush(void);

/* Control. The same, and what comes later goes to a new file. */
int sigprof__drain_rotate(void);

/* Control. Last pass, balance sheet, END; the thread is gone afterwards.
 * Returns 0, or SIGPROF_EFILE when not all could be written: then the ring is
 * left in place. remove_if_empty: no file is left if there was no sample. */
int sigprof__drain_stop(bool remove_if_empty);

/* Control. Ends the thread, not the session: from here on samples stay in the ring
 * until a flush or the stop. */
void sigprof__drain_retire(void);

/* Control, in a forked child: the parent's drain is not here. */
void sigprof__drain_after_fork(void);

/* Thread-safe. Starts a thread of ours: every signal is blocked in it. 0 or an
 * errno value. */
int sigprof__drain_spawn(pthread_t *thread, void *(*start)(void *));

/* Thread-safe. The next pass should come soon: the event log fills. */
void sigprof__drain_hurry(void);

/* Thread-safe. Could the last pass not write? Then there is no use in waiting. */
bool sigprof__drain_is_stuck(void);

/* For the event log: if the caller is the drain itself, makes room there. */
bool sigprof__drain_events_from_drain(void);

/* Thread id of the drain; 0: none. */
int sigprof__drain_tid(void);

/* CPU time the drain has used since the start, nanoseconds. */
uint64_t sigprof__drain_cpu_ns(void);

/* Path of the profile, once there is one; else "". Control. */
const char *sigprof__drain_path(void);

void sigprof__drain_lock(void);
void sigprof__drain_unlock(void);

#endif
