/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening a file and asking for the group; waiting for events is in linux.c, illumos.c.
 * Nothing is changed about these; wanted are moments when a thread's VM can be asked
 * (jit/v8.h). See preload.c.
 *
 * The calls at the end are jumps: no frame of ours is under a sleeper's.
 */
#undef _TIME_BITS
#undef _FILE_OFFSET_BITS /* would make open another name for open64 */
#undef _FORTIFY_SOURCE   /* ... and both inline */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include "hooks.h"
#include "preload/real.h"

/* There is a third argument if a file may be made. */
static bool has_mode(int flags)
{
#ifdef O_TMPFILE
    if ((flags & O_TMPFILE) == O_TMPFILE)
        return true;
#endif
    return flags & O_CREAT;
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

/* musl's loader has open64 for old programs, and no function; 64-bit illumos has none. */
#if defined(__GLIBC__) || (defined(__sun) && !defined(_LP64))
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
