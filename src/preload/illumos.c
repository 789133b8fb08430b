/* SPDX-License-Identifier: BSD-2-Clause */
/* What only illumos' C library has, or only it does in this way. See preload.c. */
#include <errno.h>
#include <port.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <thread.h>

#include "hooks.h"
#include "preload/real.h"

/* System V's: the handler is for one signal. */
INTERPOSED signal_handler *signal(int number, signal_handler *handler)
{
    return number == SIGPROF
               ? sigprof__set_handler(handler, (int)SA_RESETHAND | SA_NODEFER)
               : REAL(signal)(number, handler);
}

INTERPOSED signal_handler *bsd_signal(int number, signal_handler *handler);
signal_handler *bsd_signal(int number, signal_handler *handler)
{
    return number == SIGPROF ? sigprof__set_handler(handler, SA_RESTART)
                             : REAL(bsd_signal)(number, handler);
}

/* Unblocks it, as sigset does. */
INTERPOSED signal_handler *sigset(int number, signal_handler *disposition);
INTERPOSED int sigignore(int number);
int sigignore(int number)
{
    if (number != SIGPROF)
        return REAL_AS(int(int), sigignore)(number);
    return sigset(SIGPROF, SIG_IGN) == SIG_ERR ? -1 : 0;
}

/* Threads by their older name: the system's own libraries, Java. */
INTERPOSED int thr_create(void *stack, size_t bytes, thread_start *start,
                          void *arg, long flags, thread_t *thread)
{
    void *birth = sigprof__birth(start, arg);
    int error;

    if (!birth)
        return REAL(thr_create)(stack, bytes, start, arg, flags, thread);
    error = REAL(thr_create)(stack, bytes, sigprof__born, birth, flags, thread);
    if (error)
        free(birth);
    return error;
}

/* A child with all threads. */
INTERPOSED pid_t forkallx(int flags);
pid_t forkallx(int flags)
{
    bool ended = sigprof__hook_forkall();
    pid_t child;
    int error;

    child = REAL(forkallx)(flags);
    error = errno;
    if (ended)
        sigprof__hook_forkall_done();
    errno = error;
    return child;
}

INTERPOSED pid_t forkall(void);
pid_t forkall(void)
{
    return forkallx(0);
}

/* What node waits for events with (moments.c). */
INTERPOSED int port_getn(int port, port_event_t *events, uint_t most, uint_t *count,
                         struct timespec *until)
{
    sigprof__hook_moment();
    return REAL(port_getn)(port, events, most, count, until);
}
