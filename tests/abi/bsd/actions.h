/* SPDX-License-Identifier: BSD-2-Clause */
/* actions.c's, for system.h. */
#ifndef ABI_BSD_ACTIONS_H
#define ABI_BSD_ACTIONS_H

#include <signal.h>

/* That system's number of a signal as ours, and back; 0: none. */
int signal_here(int number);
int signal_there(int number);
void set_there(const sigset_t *here, void *there);
void set_here(const void *there, sigset_t *here);

/* As the program has set them, by number there. */
extern unsigned char actions[32][ABI_struct_sigaction];

/* Every signal that has a handler comes here, with all others blocked. */
void arrive(int number, siginfo_t *info, void *context);

/* Makes one a handler. */
typedef void handler_there(int, void *, void *);
void handle_there(int number, handler_there *handler, bool with_siginfo);

#endif
