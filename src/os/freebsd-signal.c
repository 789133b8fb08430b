/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD: the part of os.h that the handler may call.
 *
 * The timer is ITIMER_PROF: it runs on the CPU time of the process, and its signal is
 * raised in the thread that took the tick.
 */
#include "os/bsd.h"
#include "os/os.h"

#include <pthread_np.h>
#include <signal.h>
#include <sys/syscall.h>

const int sigprof__bsd_mask_call = SYS_sigprocmask;

/* Read from the thread's structure, without a system call. */
int sigprof__os_tid(void)
{
    return pthread_getthreadid_np();
}

/* thr_kill's signals carry no value. */
void sigprof__os_tick(const void *siginfo, struct os_tick *tick)
{
    const siginfo_t *info = siginfo;

    *tick = (struct os_tick){.bare = info->si_code == SI_LWP,
                             .from_process_timer = info->si_code == SI_KERNEL};
}
