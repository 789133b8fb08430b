/* SPDX-License-Identifier: BSD-2-Clause */
/* What DragonFly's kernel and C library have of their own. */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int *PLAYED(__error)(void);
int PLAYED(lwp_gettid)(void);
int PLAYED(lwp_kill)(pid_t pid, int tid, int number);
int PLAYED(syscall)(int number, ...);
int PLAYED(getcpuclockid)(pid_t pid, int tid, unsigned long *clock);
int PLAYED(pthread_attr_get_np)(void *thread, void *attributes);
int PLAYED(sysctl)(const int *name, unsigned words, void *to, size_t *size,
                   const void *set, size_t set_size);

int *PLAYED(__error)(void)
{
    return &errno;
}

int PLAYED(lwp_gettid)(void)
{
    return own_thread();
}

int PLAYED(lwp_kill)(pid_t pid, int tid, int number)
{
    return pid == -1 ? signal_thread(tid, number) : -1;
}

/* A mask for an impossible change: is it read? */
int PLAYED(syscall)(int number, ...)
{
    const void *mask;
    va_list list;
    long how;

    va_start(list, number);
    how = va_arg(list, long);
    mask = va_arg(list, const void *);
    va_end(list);
    if (number != ABI_SYS_sigprocmask || how != -1)
        abort();
    errno = can_be_read(mask, ABI_sigset_t) ? EINVAL : EFAULT;
    return -1;
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

/* A handler is called as it is: this is only here to take the context back. */
void signal_entry(int number, void *siginfo, void *context)
{
    call_handler(number, siginfo, context);
    signal_return(context);
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

static void put_boot(struct answer *answer)
{
    char *there = take(answer, ABI_struct_timeval);

    if (there)
        AT(time_there, there, 0) = (time_there)(boot_us() / 1000000u);
}

static void put_rate(struct answer *answer)
{
    char *there = take(answer, ABI_struct_kinfo_clockinfo);

    if (there)
        AT(int, there, ABI_struct_kinfo_clockinfo_ci_hz) = ticks_a_second();
}

static void put_program(struct answer *answer)
{
    char text[4096];
    ssize_t got = readlink("/proc/self/exe", text, sizeof text - 1);

    text[got > 0 ? got : 0] = '\0';
    put_text(answer, text, strlen(text) + 1);
}

static void put_arguments(struct answer *answer)
{
    char text[4096];

    put_text(answer, text,
             (size_t)text_of("/proc/self/cmdline", text, sizeof text));
}

static void put_stack(struct answer *answer)
{
    char *there = take(answer, sizeof(uintptr_t));

    if (there)
        AT(uintptr_t, there, 0) = end_of_stack();
}

static bool of_kernel(int what, struct answer *answer)
{
    if (what == ABI_KERN_BOOTTIME)
        put_boot(answer);
    else if (what == ABI_KERN_CLOCKRATE)
        put_rate(answer);
    else if (what == ABI_KERN_USRSTACK)
        put_stack(answer);
    else
        return false;
    return true;
}

static bool answer_to(const int *name, unsigned words, struct answer *answer)
{
    if (name[0] != ABI_CTL_KERN)
        return false;
    if (words == 2)
        return of_kernel(name[1], answer);
    if (words != 4 || name[1] != ABI_KERN_PROC)
        return false;
    if (name[2] == (ABI_KERN_PROC_PID | ABI_KERN_PROC_FLAG_LWP))
        each_thread(name[3], put_thread, answer);
    else if (name[2] == ABI_KERN_PROC_PID)
        put_process(name[3], answer);
    else if (name[2] == ABI_KERN_PROC_PATHNAME && name[3] == -1)
        put_program(answer);
    else if (name[2] == ABI_KERN_PROC_ARGS)
        put_arguments(answer);
    else
        return false;
    return true;
}

int PLAYED(sysctl)(const int *name, unsigned words, void *to, size_t *size,
                   const void *set, size_t set_size)
{
    struct answer answer = {to, *size, 0};

    if (set || set_size != 0 || !answer_to(name, words, &answer))
        abort(); /* nothing that we play */
    return give(&answer, size);
}
