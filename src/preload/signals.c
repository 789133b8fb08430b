/* SPDX-License-Identifier: BSD-2-Clause */
/* The program's own SIGPROF and its ITIMER_PROF. See preload.c. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>

#include "hooks.h"
#include "preload/real.h"

INTERPOSED int sigaction(int number, const struct sigaction *set,
                         struct sigaction *get)
{
    if (number == SIGPROF && sigprof__hook_action(set, get))
        return 0;
    return REAL(sigaction)(number, set, get);
}

/* signal and its kin, in terms of sigaction, for SIGPROF alone. */
signal_handler *sigprof__set_handler(signal_handler *handler, int flags)
{
    struct sigaction set = {.sa_handler = handler, .sa_flags = flags};
    struct sigaction before;

    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    if (!(flags & (int)SA_RESETHAND))
        sigaddset(&set.sa_mask, SIGPROF);
    return sigaction(SIGPROF, &set, &before) == 0 ? before.sa_handler : SIG_ERR;
}

/* sigset(SIG_HOLD) blocks; anything else sets the handler and unblocks. */
INTERPOSED signal_handler *sigset(int number, signal_handler *disposition);
signal_handler *sigset(int number, signal_handler *disposition)
{
    sigset_t only, before;
    struct sigaction now;
    signal_handler *old;

    if (number != SIGPROF)
        return ((signal_handler * (*)(int, signal_handler *))
                    sigprof__real(REAL_sigset))(number, disposition);
    sigemptyset(&only);
    sigaddset(&only, SIGPROF);
    if (disposition == SIG_HOLD) {
        sigprocmask(SIG_BLOCK, &only, &before);
        sigaction(SIGPROF, NULL, &now);
        old = now.sa_handler;
    } else {
        old = sigprof__set_handler(disposition, 0);
        if (old == SIG_ERR)
            return old;
        sigprocmask(SIG_UNBLOCK, &only, &before);
    }
    return sigismember(&before, SIGPROF) == 1 ? SIG_HOLD : old;
}

#ifndef ITIMER_REALPROF /* illumos': of the two a process has one */
#define ITIMER_REALPROF ITIMER_PROF
#endif

/* Headers differ in the types of its arguments: under a name that none declares. */
typedef int set_timer(int which, const struct itimerval *when,
                      struct itimerval *before);
INTERPOSED set_timer own_setitimer __asm__("setitimer");

int own_setitimer(int which, const struct itimerval *when,
                  struct itimerval *before)
{
    bool theirs = (which == ITIMER_PROF || which == ITIMER_REALPROF) && when;
    bool arms = theirs && (when->it_value.tv_sec || when->it_value.tv_usec);
    int result;

    if (arms)
        sigprof__hook_itimer(true);
    result = ((set_timer *)sigprof__real(REAL_setitimer))(which, when, before);
    if (theirs && (!arms || result != 0))
        sigprof__hook_itimer(false);
    return result;
}
