/* SPDX-License-Identifier: BSD-2-Clause */
/* What the system that is played has other numbers for: sets.c, flags.c. Its system.h says
 *
 *  SIGNALS_HERE   Linux' signals, by their numbers there
 */
#ifndef ABI_HERE_H
#define ABI_HERE_H

#include <signal.h>

/* That system's number of a signal as ours, and back; 0: none. */
int signal_here(int number);
int signal_there(int number);
void set_there(const sigset_t *here, void *there);
void set_here(const void *there, sigset_t *here);

/* What open(2) is asked for, as ours. */
int flags_here(int flags);

#endif
