/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One child at a time: started, passed signals, waited for. Control: one caller.
 */
#ifndef SIGPROF_RUN_CHILD_H
#define SIGPROF_RUN_CHILD_H

#include <signal.h>
#include <sys/types.h>
#include <stdbool.h>

/* How the process was found, and is to be for its children. */
struct child_signals {
    sigset_t mask;
    struct sigaction chld;
};

/* Blocks what is to be passed on, so that child_run can wait for it. Once, before
 * the first child_run; what was found goes to before. */
void child_begin(struct child_signals *before);

/* What a new child does before the program: its environment, its descriptors. */
typedef void child_prepare(void *arg);

/*
 * Runs argv[0], looked up in PATH, as a child and passes signals on until it
 * ends. Returns 0 and its wait status, or the errno of the fork or exec that
 * failed. A child that stops stops us too, and is continued with us. pid: its, or
 * NULL.
 */
int child_run(char *const argv[], const struct child_signals *signals,
              child_prepare *prepare, void *arg, int *status, pid_t *pid);

/* Ends this process as the child ended: same status, or same signal. */
_Noreturn void child_end_alike(int status);

#endif
