/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIGPROF as the program sees it. The system knows one action, ours; the
 * program's own is kept here, answered to its sigaction, and called for ticks
 * that are not ours.
 */
#ifndef SIGPROF_FOREIGN_H
#define SIGPROF_FOREIGN_H

#include <signal.h>
#include <stdbool.h>

/* Signal-safe. Counts a tick that is not ours and hands it on. The program's
 * handler may do anything, leaving by longjmp included: called last of all. */
void sigprof__foreign_tick(int number, siginfo_t *info, void *ucontext);

/* Signal-safe. The program's action; either may be NULL. */
void sigprof__foreign_action(const struct sigaction *set,
                             struct sigaction *get);

/* Signal-safe. What the program asked of siginterrupt. While it is on, and the program
 * has a handler without SA_RESTART, ours has none either. */
void sigprof__foreign_interrupts(bool on);

/* In a forked child: whoever was writing the action is not here. */
void sigprof__foreign_after_fork(void);

/* Control. Installs our handler; what was there becomes the program's action. */
int sigprof__handler_install(void);

/* Control. The program handles the signal itself, and means to go on: 0, or
 * SIGPROF_EINVAL where there is no handler. */
int sigprof__handler_is_hosts(void);

/* Control. If the program's action is a handler, gives the signal back to it;
 * else ours stays, so that a late tick cannot kill. */
void sigprof__handler_restore(void);

/* Control. If somebody replaced our handler without our knowledge, theirs becomes
 * the program's action and ours is installed again. */
void sigprof__handler_check(void);

/* Is our handler installed (even if sampling is off)? Signal-safe. */
bool sigprof__handler_installed(void);

#endif
