/* SPDX-License-Identifier: BSD-2-Clause */
/* DragonFly: the part of os.h that ordinary code calls, as far as it is not bsd.c's.
 * Names are much as FreeBSD's; the kernel's structures are its own. */
#include "os/bsd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/kinfo.h>
#include <sys/lwp.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "os/os.h"

const char *const sigprof__bsd_name = "dragonfly";
const int sigprof__os_process_timer = ITIMER_PROF;
const bool sigprof__os_process_timer_is_fair = false;
const char *const sigprof__os_clock_note =
    "DragonFly has no timers on threads' CPU time, and ITIMER_PROF's signal comes to "
    "the thread that enters the kernel next";

/* The timer is looked at on the kernel's ticks. */
uint64_t sigprof__os_timer_step_ns(void)
{
    static const int name[] = {CTL_KERN, KERN_CLOCKRATE};
    struct kinfo_clockinfo rate;
    size_t size = sizeof rate;

    if (sysctl(name, 2, &rate, &size, NULL, 0) != 0 || rate.ci_hz <= 0)
        return 0;
    return 1000000000u / (unsigned)rate.ci_hz;
}

int sigprof__bsd_thread_clock(int tid, clockid_t *clock)
{
    return getcpuclockid(getpid(), tid, clock) == 0 ? 0 : errno;
}

/* No value goes with it: os_tick.bare. */
int sigprof__os_signal_thread(int tid, uint32_t value)
{
    (void)value;
    return lwp_kill(-1, tid, SIGPROF) == 0 ? 0 : errno;
}

/* One for each thread, with what is told of the process in all of them. */
int sigprof__bsd_process(pid_t pid, struct bsd_process *process)
{
    const struct kinfo_proc *info;
    struct bsd_answer answer;
    int error = sigprof__bsd_ask_process(pid, 0, sizeof *info, &answer);

    if (error)
        return error;
    info = (const void *)answer.bytes;
    process->parent = info->kp_ppid;
    process->start_us = (uint64_t)info->kp_start.tv_sec * 1000000u +
                        (uint64_t)info->kp_start.tv_usec;
    process->threads = (unsigned)info->kp_nthreads;
    process->jail = (uint64_t)info->kp_jailid;
    snprintf(process->comm, sizeof process->comm, "%s", info->kp_comm);
    sigprof__bsd_forget(&answer);
    return 0;
}

int sigprof__bsd_threads(bool (*visit)(const struct bsd_thread *thread, void *arg),
                         void *arg)
{
    const struct kinfo_proc *info, *end;
    struct bsd_answer answer;
    int error = sigprof__bsd_ask_process(getpid(), KERN_PROC_FLAG_LWP,
                                         sizeof *info, &answer);

    if (error)
        return error;
    info = (const void *)answer.bytes;
    end = info + answer.size / sizeof *info;
    for (bool enough = false; info < end && !enough; info++)
        enough = visit(&(struct bsd_thread){
                           .tid = info->kp_lwp.kl_tid,
                           .runs = info->kp_lwp.kl_stat == LSRUN,
                           .blocks = sigismember(&info->kp_lwp.kl_sigmask,
                                                 SIGPROF) == 1,
                           .name = info->kp_lwp.kl_comm},
                       arg);
    sigprof__bsd_forget(&answer);
    return 0;
}

const bool sigprof__bsd_names_mappings = false;

/* Only /proc knows them, which is seldom mounted. */
int sigprof__bsd_mappings(bool (*visit)(const struct bsd_mapping *mapping,
                                        void *arg),
                          void *arg)
{
    (void)visit;
    (void)arg;
    return ENOTSUP;
}
