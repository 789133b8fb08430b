/* SPDX-License-Identifier: BSD-2-Clause */
/* What only Linux's C libraries have, or only they do in this way. See preload.c. */
#undef _TIME_BITS
#undef _FILE_OFFSET_BITS /* see moments.c */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "hooks.h"
#include "preload/execute.h"
#include "preload/real.h"

/* ---- Signals ------------------------------------------------------------ */

/* glibc's signal heeds what siginterrupt was told; musl's does not. */
static bool restarts(void)
{
#ifdef __GLIBC__
    return !sigprof__interrupts;
#else
    return true;
#endif
}

INTERPOSED signal_handler *signal(int number, signal_handler *handler)
{
    return number == SIGPROF
               ? sigprof__set_handler(handler, restarts() ? SA_RESTART : 0)
               : REAL(signal)(number, handler);
}

INTERPOSED signal_handler *bsd_signal(int number, signal_handler *handler);
signal_handler *bsd_signal(int number, signal_handler *handler)
{
    return signal(number, handler);
}

/* Not declared by musl, as the next one. */
INTERPOSED signal_handler *ssignal(int number, signal_handler *handler);
signal_handler *ssignal(int number, signal_handler *handler)
{
    return signal(number, handler);
}

INTERPOSED signal_handler *sysv_signal(int number, signal_handler *handler);
signal_handler *sysv_signal(int number, signal_handler *handler)
{
    if (number == SIGPROF)
        return sigprof__set_handler(handler, (int)SA_RESETHAND | SA_NODEFER);
    if (REAL(sysv_signal))
        return REAL(sysv_signal)(number, handler);
    errno = ENOSYS;
    return SIG_ERR;
}

INTERPOSED int sigignore(int number);
int sigignore(int number)
{
    if (number != SIGPROF)
        return REAL_AS(int(int), sigignore)(number);
    return sigprof__set_handler(SIG_IGN, 0) == SIG_ERR ? -1 : 0;
}

/* Where a time has 32 bits, setitimer of programs that are built for one of 64. */
#if defined(__GLIBC__) && __TIMESIZE == 32
struct time64 {
    int64_t seconds, microseconds;
};
struct interval64 {
    struct time64 interval, value;
};

INTERPOSED int __setitimer64(int which, const struct interval64 *when,
                             struct interval64 *before);
int __setitimer64(int which, const struct interval64 *when,
                  struct interval64 *before)
{
    bool arms = when && (when->value.seconds || when->value.microseconds);
    int result;

    if (!when)
        return REAL(__setitimer64)(which, when, before);
    sigprof__timer_begin(which, arms);
    result = REAL(__setitimer64)(which, when, before);
    sigprof__timer_end(which, arms, result);
    return result;
}
#endif

/* ---- Executing ------------------------------------------------------------ */

/* Not in musl 1.2.3. */
INTERPOSED int execveat(int directory, const char *path, char *const argv[],
                        char *const envp[], int flags);
int execveat(int directory, const char *path, char *const argv[],
             char *const envp[], int flags)
{
    char **edited = EDITED(envp);

    if (!REAL(execveat)) {
        errno = ENOSYS;
        return -1;
    }
    /* A relative path is not from here: whether it will do is not known. */
    EXECUTE(path[0] == '/' ? path : "",
            REAL(execveat)(directory, path, argv, edited, flags));
    return -1;
}

/* ---- Moments (moments.c) ---------------------------------------------------- */

INTERPOSED int epoll_wait(int epoll, struct epoll_event *events, int count,
                          int timeout)
{
    sigprof__hook_moment();
    return REAL(epoll_wait)(epoll, events, count, timeout);
}

INTERPOSED int epoll_pwait(int epoll, struct epoll_event *events, int count,
                           int timeout, const sigset_t *mask)
{
    sigprof__hook_moment();
    return REAL(epoll_pwait)(epoll, events, count, timeout, mask);
}
