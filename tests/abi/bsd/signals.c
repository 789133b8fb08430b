/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A BSD's signals on Linux. ITIMER_PROF is Linux' own: it runs on the CPU time of the
 * process too, and is raised in the thread that took the tick, or, on a system where any
 * thread may get it, in the first. The context and the siginfo come as that system lays
 * them out.
 */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define OF_TIMER 0x54494d45 /* a timer's signal that was handed on */

/* Any thread may get what a timer raises: here it is the first, as long as it is
 * there. */
static bool hand_on(const siginfo_t *info)
{
    siginfo_t other = {.si_signo = info->si_signo, .si_code = SI_QUEUE};

    if (!TIMERS_FIND_ANY_THREAD || info->si_code != SI_KERNEL ||
        syscall(SYS_gettid) == getpid())
        return false;
    other.si_pid = getpid();
    other.si_value.sival_int = OF_TIMER;
    return syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), info->si_signo,
                   &other) == 0;
}

static int code_there(const siginfo_t *info)
{
    if (info->si_code == SI_KERNEL ||
        (info->si_code == SI_QUEUE && info->si_value.sival_int == OF_TIMER))
        return CODE_OF_TIMER;
    return info->si_code == SI_TKILL ? CODE_OF_THREAD : 0;
}

void call_handler(int number, void *siginfo, void *context)
{
    sigset_t mask, more, all;

    set_here(actions[number] + ABI_struct_sigaction_sa_mask, &more);
    set_here((char *)context + CONTEXT_MASK_AT, &mask);
    sigorset(&mask, &mask, &more);
    sigaddset(&mask, signal_here(number));
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    AT(handler_there *, actions[number], 0)(number, siginfo, context);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

void arrive(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno, there = signal_there(number);
    int flags = AT(int, actions[there], ABI_struct_sigaction_sa_flags);

    if (!hand_on(info))
        deliver(there, SIGINFO_ALWAYS || (flags & ABI_SA_SIGINFO), code_there(info),
                context, signal_entry);
    errno = saved_errno;
}

/* ---- Threads ---------------------------------------------------------------------- */

int thread_here(int tid)
{
    return tid - FIRST_THREAD;
}

int own_thread(void)
{
    return FIRST_THREAD + (int)syscall(SYS_gettid);
}

int signal_thread(int tid, int number)
{
    return (int)syscall(SYS_tgkill, getpid(), thread_here(tid), signal_here(number));
}

/* Linux' number of a thread's CPU clock. */
int clock_of(int tid, int *clock)
{
    struct timespec now;

    *clock = (int)(~(unsigned)thread_here(tid) << 3 | 6);
    return clock_gettime(*clock, &now);
}

/* A pipe takes bytes that can be read, and says of others that they cannot. */
static int bytes_in, bytes_out;

__attribute__((constructor)) static void open_pipe(void)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        abort();
    bytes_out = ends[0];
    bytes_in = ends[1];
}

bool can_be_read(const void *at, size_t size)
{
    unsigned char bytes[64];
    ssize_t wrote = write(bytes_in, at, size);

    while (wrote > 0 && read(bytes_out, bytes, (size_t)wrote) < 0 && errno == EINTR)
        ;
    return wrote == (ssize_t)size;
}
