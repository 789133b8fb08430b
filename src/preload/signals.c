/* SPDX-License-Identifier: BSD-2-Clause */
/* The program's own SIGPROF and its ITIMER_PROF. See preload.c. */
#undef _TIME_BITS        /* setitimer is the one of a time_t as long as a long */
#undef _FILE_OFFSET_BITS /* ... which must not be without it */
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

_Atomic bool sigprof__interrupts;

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

typedef signal_handler *set_signal(int number, signal_handler *disposition);

/* sigset(SIG_HOLD) blocks; anything else sets the handler and unblocks. */
INTERPOSED signal_handler *sigset(int number, signal_handler *disposition);
signal_handler *sigset(int number, signal_handler *disposition)
{
    sigset_t only, before;
    struct sigaction now;
    signal_handler *old;

    if (number != SIGPROF)
        return REAL_AS(set_signal, sigset)(number, disposition);
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

/* Whether system calls go on behind the program's handler. */
INTERPOSED int siginterrupt(int number, int flag);
int siginterrupt(int number, int flag)
{
    struct sigaction action;

    if (number != SIGPROF)
        return REAL_AS(int(int, int), siginterrupt)(number, flag);
    if (sigaction(SIGPROF, NULL, &action) != 0)
        return -1;
    sigprof__interrupts = flag;
    sigprof__hook_interrupts(flag);
    action.sa_flags &= ~(int)SA_RESTART;
    action.sa_flags |= flag ? 0 : SA_RESTART;
    return sigaction(SIGPROF, &action, NULL);
}

#ifndef ITIMER_REALPROF /* illumos': of the two a process has one */
#define ITIMER_REALPROF ITIMER_PROF
#endif

static bool is_profiling(int which)
{
    return which == ITIMER_PROF || which == ITIMER_REALPROF;
}

void sigprof__timer_begin(int which, bool arms)
{
    if (is_profiling(which) && arms)
        sigprof__hook_itimer(true);
}

void sigprof__timer_end(int which, bool arms, int result)
{
    if (is_profiling(which) && (!arms || result != 0))
        sigprof__hook_itimer(false);
}

/* Headers differ in the types of its arguments: under a name that none declares. */
typedef int set_timer(int which, const struct itimerval *when,
                      struct itimerval *before);
INTERPOSED set_timer own_setitimer __asm__("setitimer");

static int set_real(int which, const struct itimerval *when,
                    struct itimerval *before)
{
    return REAL_AS(set_timer, setitimer)(which, when, before);
}

int own_setitimer(int which, const struct itimerval *when,
                  struct itimerval *before)
{
    bool arms = when && (when->it_value.tv_sec || when->it_value.tv_usec);
    int result;

    if (!when)
        return set_real(which, when, before);
    sigprof__timer_begin(which, arms);
    result = set_real(which, when, before);
    sigprof__timer_end(which, arms, result);
    return result;
}

int sigprof__set_real_timer(int which, uint64_t period_ns)
{
    struct itimerval when = sigprof__sys_interval(period_ns);

    return set_real(which, &when, NULL);
}
