/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Around everything of ours that runs in a thread of the program's and may take a
 * lock: no signal, so that no handler of the program's finds our locks held by
 * the thread it interrupted; no cancellation, so that none is left held. errno is
 * given back as it was.
 */
#ifndef SIGPROF_GUARD_H
#define SIGPROF_GUARD_H

#include <signal.h>

struct guard {
    sigset_t mask;
    int cancel;
    int error;
};

/* Thread-safe; nests. */
void sigprof__guard_enter(struct guard *guard);
void sigprof__guard_leave(const struct guard *guard);

/* Thread-safe, inside a guard, or in a thread of ours. A call that writes has failed
 * with this errno value: the signal that the system raises with some of them (a
 * limit on file sizes, a pipe without a reader) is not the program's. */
void sigprof__guard_forget(int error);

#endif
