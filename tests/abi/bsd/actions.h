/* SPDX-License-Identifier: BSD-2-Clause */
/* actions.c's, for system.h. */
#ifndef ABI_BSD_ACTIONS_H
#define ABI_BSD_ACTIONS_H

#include <signal.h>

#include "../here.h"

/* By number there. */
#define SIGNALS_HERE {                                                         \
    [1] = SIGHUP,   [2] = SIGINT,   [3] = SIGQUIT,    [4] = SIGILL,            \
    [5] = SIGTRAP,  [6] = SIGABRT,  [8] = SIGFPE,     [9] = SIGKILL,           \
    [10] = SIGBUS,  [11] = SIGSEGV, [12] = SIGSYS,    [13] = SIGPIPE,          \
    [14] = SIGALRM, [15] = SIGTERM, [16] = SIGURG,    [17] = SIGSTOP,          \
    [18] = SIGTSTP, [19] = SIGCONT, [20] = SIGCHLD,   [21] = SIGTTIN,          \
    [22] = SIGTTOU, [23] = SIGIO,   [24] = SIGXCPU,   [25] = SIGXFSZ,          \
    [26] = SIGVTALRM, [ABI_SIGPROF] = SIGPROF, [28] = SIGWINCH,                \
    [30] = SIGUSR1, [31] = SIGUSR2}

/* As the program has set them, by number there. */
extern unsigned char actions[32][ABI_struct_sigaction];

/* Every signal that has a handler comes here, with all others blocked. */
void arrive(int number, siginfo_t *info, void *context);

/* Makes one a handler. */
typedef void handler_there(int, void *, void *);
void handle_there(int number, handler_there *handler, bool with_siginfo);

#endif
