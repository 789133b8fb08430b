/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accounts of threads: CPU time by their clocks against the periods of their
 * samples. One is opened with a slot and closed with it; what is open counts in
 * sigprof__threads_totals (threads.h) as it stands. All of these: threads_lock.
 */
#ifndef SIGPROF_THREAD_ACCOUNTS_H
#define SIGPROF_THREAD_ACCOUNTS_H

#include "threads.h"

/* At a start: there is none. */
void sigprof__accounts_begin(void);

void sigprof__account_open(void);
uint64_t sigprof__accounts_live(void);

/* cause: format_exit_cause, of what no sample stands for. */
void sigprof__account_close(struct slot *slot, unsigned cause);

/* A thread that ended without a word took its clock along: what it was last seen
 * to have used, or what its samples stand for, is the best that is known. */
void sigprof__account_sampled(struct slot *slot);

/* Did most of what no sample stands for pass while it blocked SIGPROF? */
bool sigprof__account_was_blocked(struct slot *slot);

/* The cause, of a thread that still runs. */
unsigned sigprof__account_cause_now(struct slot *slot);

#endif
