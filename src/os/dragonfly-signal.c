/* SPDX-License-Identifier: BSD-2-Clause */
/* DragonFly: the part of os.h that the handler may call. */
#include "os/bsd.h"
#include "os/os.h"

#include <sys/lwp.h>
#include <sys/syscall.h>

const int sigprof__bsd_mask_call = SYS_sigprocmask;

int sigprof__os_tid(void)
{
    return lwp_gettid();
}
