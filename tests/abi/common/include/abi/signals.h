/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_ABI_SIGNALS_H
#define ABI_COMMON_INCLUDE_ABI_SIGNALS_H

/* What is the same in <signal.h> of the BSDs and macOS, behind that system's own types. */
#include <abi/sets.h>

#define SIGHUP 1
#define SIGPIPE 13
#define SIGURG 16
#define SIGIO 23
#define SIGXFSZ 25
#define SIGPROF 27
#define SIGWINCH 28
#define SIGUSR1 30
#define SIGUSR2 31
#define SIG_BLOCK 1
#define SIG_UNBLOCK 2
#define SIG_SETMASK 3
#define SA_ONSTACK 1
#define SA_RESTART 2
#define SA_RESETHAND 4
#define SA_NODEFER 16
#define SA_SIGINFO 64
#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)

#define sa_handler abi_function.abi_handler
#define sa_sigaction abi_function.abi_sigaction

int sigaction(int, const struct sigaction *, struct sigaction *);

#endif
