/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's own functions, behind our interposed ones: looked up once, at
 * load, so that no loader's lock is taken in a vfork's child or in a signal.
 */
#ifndef SIGPROF_PRELOAD_REAL_H
#define SIGPROF_PRELOAD_REAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Exported: the rest of this object is hidden by its map. */
#define INTERPOSED __attribute__((visibility("default")))

/* Those of all systems; what a system has not stays NULL. */
#define REAL_FUNCTIONS(X)                                                      \
    X(__deregister_frame)                                                      \
    X(__register_frame)                                                        \
    X(__setitimer64)                                                           \
    X(_exit)                                                                   \
    X(bsd_signal)                                                              \
    X(dlclose)                                                                 \
    X(epoll_pwait)                                                             \
    X(epoll_wait)                                                              \
    X(execve)                                                                  \
    X(execveat)                                                                \
    X(execvp)                                                                  \
    X(execvpe)                                                                 \
    X(fexecve)                                                                 \
    X(forkallx)                                                                \
    X(getegid)                                                                 \
    X(open)                                                                    \
    X(open64)                                                                  \
    X(port_getn)                                                               \
    X(posix_spawn)                                                             \
    X(posix_spawnp)                                                            \
    X(pthread_create)                                                          \
    X(quick_exit)                                                              \
    X(setitimer)                                                               \
    X(sigaction)                                                               \
    X(sigignore)                                                               \
    X(siginterrupt)                                                            \
    X(signal)                                                                  \
    X(sigset)                                                                  \
    X(sysv_signal)                                                             \
    X(thr_create)

enum real_function {
#define REAL_X(name) REAL_##name,
    REAL_FUNCTIONS(REAL_X)
#undef REAL_X
    REAL_COUNT
};

/* The next definition of the function, found once; Signal-safe after load. */
void *sigprof__real(enum real_function which);

/* A call through to the real function, with its own type. */
#define REAL(function)                                                         \
    (__extension__((__typeof__(&function))sigprof__real(REAL_##function)))

/* The same for one that headers do not declare, or warn of. */
#define REAL_AS(type, function)                                                \
    (__extension__((__typeof__(type) *)sigprof__real(REAL_##function)))

/* ---- Shared by files of this object ---------------------------------------- */

typedef void *thread_start(void *arg);

/* What a thread is to be started with instead of start and arg: sigprof__born and this;
 * NULL: it is one of ours, or there is no memory. */
void *sigprof__birth(thread_start *start, void *arg);
void *sigprof__born(void *birth);

typedef void signal_handler(int number);

/* The program sets its handler of SIGPROF; returns the one before, or SIG_ERR. */
signal_handler *sigprof__set_handler(signal_handler *handler, int flags);

/* What the program last asked of siginterrupt for SIGPROF. */
extern _Atomic bool sigprof__interrupts;

/* Around a call of the program's that sets a timer, to a time if arms; result: the
 * call's. */
void sigprof__timer_begin(int which, bool arms);
void sigprof__timer_end(int which, bool arms, int result);

/* The library's (sys.h). */
int sigprof__set_real_timer(int which, uint64_t period_ns);

#endif
