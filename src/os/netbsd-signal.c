/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetBSD: the part of os.h that the handler may call.
 *
 * The timer of a process raises SIGPROF in the first thread that will take it, whichever
 * used the CPU: threads are sampled by the sampler's directed signals.
 */
#include "os/bsd.h"
#include "os/os.h"

#include <lwp.h>
#include <signal.h>
#include <sys/syscall.h>

const int sigprof__bsd_mask_call = SYS___sigprocmask14;

/* Read from the thread's private page, or by a system call. */
int sigprof__os_tid(void)
{
    return (int)_lwp_self();
}

/* _lwp_kill's signals carry no value; setitimer's say that a timer sent them. */
void sigprof__os_tick(const void *siginfo, struct os_tick *tick)
{
    const siginfo_t *info = siginfo;

    *tick = (struct os_tick){.bare = info->si_code == SI_LWP,
                             .from_process_timer = info->si_code == SI_TIMER};
}
