/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD: the part of os.h that ordinary code calls, as far as it is not bsd.c's. */
#include "os/bsd.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/proc.h>
#include <sys/sysctl.h>
#include <sys/thr.h>
#include <sys/time.h>
#include <sys/user.h>
#include <unistd.h>

#include "os/os.h"

const char *const sigprof__bsd_name = "freebsd";
const int sigprof__os_process_timer = ITIMER_PROF;
const bool sigprof__os_process_timer_is_fair = true;
const char *const sigprof__os_clock_note =
    "FreeBSD has no timers on threads' CPU time";

int sigprof__bsd_timer_hz(const struct clockinfo *rate)
{
    return rate->stathz;
}

int sigprof__bsd_thread_clock(int tid, clockid_t *clock)
{
    return clock_getcpuclockid2(tid, CPUCLOCK_WHICH_TID, clock) == 0 ? 0 : errno;
}

/* No value goes with it: os_tick.bare. */
int sigprof__os_signal_thread(int tid, uint32_t value)
{
    (void)value;
    return thr_kill(tid, SIGPROF) == 0 ? 0 : errno;
}

/* The next of those from *at on; NULL: there is none. */
static const struct kinfo_proc *next(const struct bsd_answer *answer, size_t *at)
{
    const struct kinfo_proc *info = (const void *)(answer->bytes + *at);

    if (answer->size - *at < sizeof *info ||
        info->ki_structsize < (int)sizeof *info)
        return NULL;
    *at += (size_t)info->ki_structsize;
    return info;
}

int sigprof__bsd_process(pid_t pid, struct bsd_process *process)
{
    const struct kinfo_proc *info;
    struct bsd_answer answer;
    int error = sigprof__bsd_ask_process(pid, 0, sizeof *info, &answer);

    if (error)
        return error;
    info = (const void *)answer.bytes;
    process->parent = info->ki_ppid;
    process->start_us = (uint64_t)info->ki_start.tv_sec * 1000000u +
                        (uint64_t)info->ki_start.tv_usec;
    process->threads = (unsigned)info->ki_numthreads;
    process->jail = (uint64_t)info->ki_jid;
    memcpy(process->comm, info->ki_comm, sizeof info->ki_comm);
    sigprof__bsd_forget(&answer);
    return 0;
}

/* A thread that was given no name has the program's. */
int sigprof__bsd_threads(bool (*visit)(const struct bsd_thread *thread, void *arg),
                         void *arg)
{
    const struct kinfo_proc *info;
    struct bsd_answer answer;
    size_t at = 0;
    bool enough = false;
    int error = sigprof__bsd_ask_process(getpid(), KERN_PROC_INC_THREAD,
                                         sizeof *info, &answer);

    if (error)
        return error;
    while (!enough && (info = next(&answer, &at)))
        enough = visit(&(struct bsd_thread){
                           .tid = info->ki_tid,
                           .runs = info->ki_stat == SRUN,
                           .ended = info->ki_stat == SZOMB,
                           .blocks = sigismember(&info->ki_sigmask, SIGPROF) == 1,
                           .name = info->ki_tdname[0] ? info->ki_tdname
                                                      : info->ki_comm},
                       arg);
    sigprof__bsd_forget(&answer);
    return 0;
}

const bool sigprof__bsd_names_mappings = true;

/* An entry ends behind its path. */
static const struct kinfo_vmentry *next_mapping(const struct bsd_answer *answer,
                                                size_t *at)
{
    const struct kinfo_vmentry *entry = (const void *)(answer->bytes + *at);

    if (answer->size - *at < offsetof(struct kinfo_vmentry, kve_path) ||
        entry->kve_structsize <= 0 ||
        (size_t)entry->kve_structsize > answer->size - *at)
        return NULL;
    *at += (size_t)entry->kve_structsize;
    return entry;
}

int sigprof__bsd_mappings(bool (*visit)(const struct bsd_mapping *mapping,
                                        void *arg),
                          void *arg)
{
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_VMMAP, getpid()};
    const struct kinfo_vmentry *entry;
    struct bsd_answer answer;
    size_t at = 0;
    bool enough = false;
    int error = sigprof__bsd_ask(name, 4, &answer);

    if (error)
        return error;
    while (!enough && (entry = next_mapping(&answer, &at)))
        enough = visit(&(struct bsd_mapping){
                           (uintptr_t)entry->kve_start, (uintptr_t)entry->kve_end,
                           (entry->kve_protection & KVME_PROT_EXEC) != 0,
                           entry->kve_path},
                       arg);
    sigprof__bsd_forget(&answer);
    return 0;
}
