/* SPDX-License-Identifier: BSD-2-Clause */
/* What DragonFly's kernel and C library have of their own. */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

int PLAYED(lwp_gettid)(void);
int PLAYED(lwp_kill)(pid_t pid, int tid, int number);
int PLAYED(getcpuclockid)(pid_t pid, int tid, unsigned long *clock);
int PLAYED(pthread_attr_get_np)(void *thread, void *attributes);

int PLAYED(lwp_gettid)(void)
{
    return own_thread();
}

int PLAYED(lwp_kill)(pid_t pid, int tid, int number)
{
    return pid == -1 ? signal_thread(tid, number) : -1;
}

int PLAYED(getcpuclockid)(pid_t pid, int tid, unsigned long *clock)
{
    int here, result = pid == getpid() ? clock_of(tid, &here) : -1;

    *clock = (unsigned long)here;
    return result;
}

int PLAYED(pthread_attr_get_np)(void *thread, void *attributes)
{
    (void)attributes;
    return (pthread_t)thread == pthread_self() ? 0 : EINVAL;
}

/* ---- sysctl(3) ------------------------------------------------------------------- */

/* The process, and in it one of its threads. */
static void put_thread(const struct told *told, void *arg)
{
    char *there = take(arg, ABI_struct_kinfo_proc), *thread;

    if (!there)
        return;
    thread = there + ABI_struct_kinfo_proc_kp_lwp;
    AT(int, there, ABI_struct_kinfo_proc_kp_ppid) = told->parent;
    AT(int, there, ABI_struct_kinfo_proc_kp_nthreads) = (int)told->threads;
    AT(time_there, there, ABI_struct_kinfo_proc_kp_start) =
        (time_there)(told->start_us / 1000000u);
    AT(long, there, ABI_struct_kinfo_proc_kp_start + sizeof(time_there)) =
        (long)(told->start_us % 1000000u);
    snprintf(there + ABI_struct_kinfo_proc_kp_comm, 17, "%s", told->comm);
    AT(int, thread, ABI_struct_kinfo_lwp_kl_tid) = FIRST_THREAD + told->tid;
    AT(int, thread, ABI_struct_kinfo_lwp_kl_stat) =
        told->state == 'R' ? ABI_LSRUN : 3;
    set_there(&told->blocked, thread + ABI_struct_kinfo_lwp_kl_sigmask);
    snprintf(thread + ABI_struct_kinfo_lwp_kl_comm, 17, "%s", told->name);
}

static void put_process(pid_t pid, struct answer *answer)
{
    struct told told;

    tell(pid, pid, &told);
    if (told.threads)
        put_thread(&told, answer);
}

bool of_process(const int *name, struct answer *answer)
{
    if (name[2] == (ABI_KERN_PROC_PID | ABI_KERN_PROC_FLAG_LWP))
        each_thread(name[3], put_thread, answer);
    else if (name[2] == ABI_KERN_PROC_PID)
        put_process(name[3], answer);
    else if (name[2] == ABI_KERN_PROC_PATHNAME && name[3] == -1)
        put_program(answer);
    else if (name[2] == ABI_KERN_PROC_ARGS)
        put_command_line(answer);
    else
        return false;
    return true;
}
