/* SPDX-License-Identifier: BSD-2-Clause */
/* Contract: guard.h. */
#include "guard.h"

#include <errno.h>
#include <pthread.h>

void sigprof__guard_enter(struct guard *guard)
{
    sigset_t all;

    guard->error = errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &guard->mask);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &guard->cancel);
}

void sigprof__guard_leave(const struct guard *guard)
{
    pthread_setcancelstate(guard->cancel, NULL);
    pthread_sigmask(SIG_SETMASK, &guard->mask, NULL);
    errno = guard->error;
}

void sigprof__guard_forget(int error)
{
    int number = error == EFBIG ? SIGXFSZ : error == EPIPE ? SIGPIPE : 0;
    sigset_t raised;

    if (!number || sigpending(&raised) != 0 ||
        sigismember(&raised, number) != 1)
        return;
    sigemptyset(&raised);
    sigaddset(&raised, number);
    sigwait(&raised, &number);
}
