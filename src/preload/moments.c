/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening a file, waiting for events, and asking for the group. Nothing is changed
 * about these; wanted are moments when a thread's VM can be asked (jit/v8.h). See
 * preload.c.
 *
 * The calls at the end are jumps: no frame of ours is under a sleeper's.
 */
#undef _TIME_BITS
#undef _FILE_OFFSET_BITS /* would make open another name for open64 */
#undef _FORTIFY_SOURCE   /* ... and both inline */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/types.h>
#include <unistd.h>

#include "hooks.h"
#include "preload/real.h"

/* There is a third argument if a file may be made. */
static bool has_mode(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define MODE(mode, flags)                                                      \
    do {                                                                       \
        va_list rest;                                                          \
        va_start(rest, flags);                                                 \
        mode = has_mode(flags) ? va_arg(rest, mode_t) : 0;                     \
        va_end(rest);                                                          \
    } while (0)

INTERPOSED int open(const char *path, int flags, ...)
{
    mode_t mode;

    MODE(mode, flags);
    sigprof__hook_moment();
    return REAL(open)(path, flags, mode);
}

#ifdef __GLIBC__ /* musl's loader has open64 for old programs, and no function */
INTERPOSED int open64(const char *path, int flags, ...)
{
    mode_t mode;

    MODE(mode, flags);
    sigprof__hook_moment();
    return REAL(open64)(path, flags, mode);
}
#endif

/* Node does before it trusts its environment, and so before the first line of a script
 * that comes from no file. */
INTERPOSED gid_t getegid(void)
{
    sigprof__hook_moment();
    return REAL(getegid)();
}

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
