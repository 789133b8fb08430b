/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illumos, played on Linux: what the whole library, compiled for that system, calls.
 * kernel.c has the timer, the signals and their frames; proc.c has /proc; libc.c the
 * rest. whole.py puts "illumos_" in front of every name that the library imports and
 * that is not the same on both systems.
 *
 * Structures of that system are written and read at the places of facts.h, which is
 * made of layouts.tsv, and not by the declarations that the library was compiled with.
 */
#ifndef ABI_ILLUMOS_SYSTEM_H
#define ABI_ILLUMOS_SYSTEM_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "facts.h"

#include "../here.h"

#define AT(type, base, offset)                                                 \
    (*(type *)(void *)((char *)(uintptr_t)(base) + (offset)))

/* For threads.c. */
#define PLAYED(name) illumos_##name
#define LOCK_AT 8
#define ONCE_AT 0
typedef unsigned thread_there;
static inline struct timespec time_here(const void *there)
{
    return *(const struct timespec *)there;
}

#define SIGNALS_HERE {                                                         \
    [1] = SIGHUP,   [2] = SIGINT,   [3] = SIGQUIT,  [4] = SIGILL,              \
    [5] = SIGTRAP,  [6] = SIGABRT,  [8] = SIGFPE,   [9] = SIGKILL,             \
    [10] = SIGBUS,  [11] = SIGSEGV, [12] = SIGSYS,  [13] = SIGPIPE,            \
    [14] = SIGALRM, [15] = SIGTERM, [16] = SIGUSR1, [17] = SIGUSR2,            \
    [18] = SIGCHLD, [19] = SIGPWR,  [20] = SIGWINCH, [21] = SIGURG,            \
    [22] = SIGPOLL, [23] = SIGSTOP, [24] = SIGTSTP, [25] = SIGCONT,            \
    [26] = SIGTTIN, [27] = SIGTTOU, [28] = SIGVTALRM,                          \
    [ABI_SIGPROF] = SIGPROF, [30] = SIGXCPU, [31] = SIGXFSZ}

#define STATES 10

/* ---- kernel.c ------------------------------------------------------------ */

/* The numbers of threads: the first has 1, whatever the process's is. */
int lwp_of(pid_t tid);
pid_t tid_of(int lwp);
bool is_kernel(pid_t tid); /* the thread that plays it: nobody is to see it */
uint64_t clock_of(pid_t tid);
uint64_t clock_now(int clock);

bool is_in_handler(void); /* the calling thread */

/* ---- What a program of the tests may ask for ------------------------------ */

/* Around what libc calls a critical region: a signal is deferred to its end. */
#define DEFERS
void enter_critical(void);
void exit_critical(void);
extern _Atomic unsigned deferred_signals;

/* Of ticks that came: all, and those whose frame had an area for the FPU. */
extern _Atomic unsigned ticks_sent, ticks_with_area;
extern _Atomic unsigned counted[STATES];

/* A handler of the program's own. */
typedef void handler_there(int, void *, void *);
void handle_there(int number, handler_there *handler, bool with_siginfo);

/* Called with each object that dl_iterate_phdr is about to show, when nothing holds the
 * loader's lock, and before each read of memory that its callback makes. */
extern void (*loader_moment)(void);
bool is_iterating(void);

/* Behind a system call of the program's that blocked: there the kernel hands over
 * what it has noted. */
void return_to_user(void);

#endif
