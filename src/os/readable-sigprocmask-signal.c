/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of readable.h for systems whose sigprocmask(2) copies the mask that it is given
 * before it looks at what is to be done with it: FreeBSD, DragonFly, NetBSD. */
#include "os/readable.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "os/bsd.h"

/* A change that the kernel refuses, when it has read the mask. The C library's
 * sigprocmask would look at it first. */
bool sigprof__os_is_readable(uintptr_t address)
{
    address &= ~(uintptr_t)(sizeof(sigset_t) - 1);
    if (address == 0) /* would be no mask at all, and nothing to refuse */
        return false;
    syscall(sigprof__bsd_mask_call, -1L, address, 0L);
    return errno == EINVAL;
}
