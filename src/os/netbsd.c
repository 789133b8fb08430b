/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD: the part of os.h that ordinary code calls, as far as it is not bsd.c's. */
#include "os/bsd.h"

#include <errno.h>
#include <lwp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/exec.h>
#include <sys/idtype.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "os/os.h"

const char *const sigprof__bsd_name = "netbsd";
const int sigprof__os_process_timer = ITIMER_PROF;
const bool sigprof__os_process_timer_is_fair = false;
const char *const sigprof__os_clock_note =
    "NetBSD has no timers on threads' CPU time, and ITIMER_PROF's signal comes to any "
    "thread";

int sigprof__bsd_timer_hz(const struct clockinfo *rate)
{
    return rate->hz;
}

int sigprof__bsd_thread_clock(int tid, clockid_t *clock)
{
    return clock_getcpuclockid2(P_LWPID, tid, clock) == 0 ? 0 : errno;
}

/* No value goes with it: os_tick.bare. */
int sigprof__os_signal_thread(int tid, uint32_t value)
{
    (void)value;
    return _lwp_kill((lwpid_t)tid, SIGPROF) == 0 ? 0 : errno;
}

int sigprof__bsd_process(pid_t pid, struct bsd_process *process)
{
    const int name[] = {CTL_KERN, KERN_PROC2, KERN_PROC_PID,
                        pid,      sizeof(struct kinfo_proc2), 1};
    struct kinfo_proc2 info;
    size_t size = sizeof info;

    if (sysctl(name, 6, &info, &size, NULL, 0) != 0)
        return errno;
    if (size < sizeof info)
        return ESRCH;
    process->parent = info.p_ppid;
    process->start_us = (uint64_t)info.p_ustart_sec * 1000000u + info.p_ustart_usec;
    process->threads = (unsigned)info.p_nlwps;
    process->jail = 0;
    snprintf(process->comm, sizeof process->comm, "%s", info.p_comm);
    return 0;
}

/* Masks of threads are not told. */
int sigprof__bsd_threads(bool (*visit)(const struct bsd_thread *thread, void *arg),
                         void *arg)
{
    int name[] = {CTL_KERN, KERN_LWP, getpid(), sizeof(struct kinfo_lwp), 0};
    struct bsd_answer answer;
    int error = sigprof__bsd_ask_many(name, 5, sizeof(struct kinfo_lwp), &answer);
    const struct kinfo_lwp *info, *end;

    if (error)
        return error;
    info = (const void *)answer.bytes;
    end = info + answer.size / sizeof *info;
    for (bool enough = false; info < end && !enough; info++)
        enough = visit(&(struct bsd_thread){.tid = info->l_lid,
                                            .runs = info->l_stat == LSRUN ||
                                                    info->l_stat == LSONPROC,
                                            .ended = info->l_stat == LSZOMB,
                                            .name = info->l_name},
                       arg);
    sigprof__bsd_forget(&answer);
    return 0;
}

const bool sigprof__bsd_names_mappings = true;

int sigprof__bsd_mappings(bool (*visit)(const struct bsd_mapping *mapping,
                                        void *arg),
                          void *arg)
{
    const int name[] = {CTL_VM, VM_PROC, VM_PROC_MAP, getpid(),
                        sizeof(struct kinfo_vmentry)};
    struct bsd_answer answer;
    int error = sigprof__bsd_ask(name, 5, &answer);
    const struct kinfo_vmentry *entry, *end;

    if (error)
        return error;
    entry = (const void *)answer.bytes;
    end = entry + answer.size / sizeof *entry;
    for (bool enough = false; entry < end && !enough; entry++)
        enough = visit(&(struct bsd_mapping){
                           (uintptr_t)entry->kve_start, (uintptr_t)entry->kve_end,
                           (entry->kve_protection & KVME_PROT_EXEC) != 0,
                           entry->kve_path},
                       arg);
    sigprof__bsd_forget(&answer);
    return 0;
}

int sigprof__bsd_attributes(pthread_attr_t *attributes)
{
    return pthread_getattr_np(pthread_self(), attributes);
}

/* Where the program's arguments are told is in its stack's last page. */
int sigprof__bsd_stack_top(uintptr_t *top)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    *top = ((uintptr_t)__ps_strings + sizeof *__ps_strings + page - 1) & ~(page - 1);
    return 0;
}

void sigprof__bsd_program(char *path, size_t size)
{
    static const int name[] = {CTL_KERN, KERN_PROC_ARGS, -1, KERN_PROC_PATHNAME};

    if (sysctl(name, 4, path, &size, NULL, 0) != 0)
        path[0] = '\0';
}

size_t sigprof__os_command_line(char *line, size_t size)
{
    const int name[] = {CTL_KERN, KERN_PROC_ARGS, getpid(), KERN_PROC_ARGV};

    return sysctl(name, 4, line, &size, NULL, 0) == 0 ? size : 0;
}
