/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A BSD's signals on Linux. ITIMER_PROF is Linux' own: it runs on the CPU time of the
 * process too, and is raised in the thread that took the tick, or, on a system where any
 * thread may get it, in the first. The context and the siginfo come as that system lays
 * them out.
 */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/regs.h"
#include "places.h"

/* By number there. */
static const signed char numbers[32] = {
    [1] = SIGHUP,   [2] = SIGINT,   [3] = SIGQUIT,    [4] = SIGILL,
    [5] = SIGTRAP,  [6] = SIGABRT,  [8] = SIGFPE,     [9] = SIGKILL,
    [10] = SIGBUS,  [11] = SIGSEGV, [12] = SIGSYS,    [13] = SIGPIPE,
    [14] = SIGALRM, [15] = SIGTERM, [16] = SIGURG,    [17] = SIGSTOP,
    [18] = SIGTSTP, [19] = SIGCONT, [20] = SIGCHLD,   [21] = SIGTTIN,
    [22] = SIGTTOU, [23] = SIGIO,   [24] = SIGXCPU,   [25] = SIGXFSZ,
    [26] = SIGVTALRM, [ABI_SIGPROF] = SIGPROF, [28] = SIGWINCH,
    [30] = SIGUSR1, [31] = SIGUSR2};

static int signal_here(int number)
{
    return number > 0 && number < 32 ? numbers[number] : 0;
}

static int signal_there(int number)
{
    for (int i = 1; i < 32; i++)
        if (numbers[i] == number)
            return i;
    return 0;
}

void set_there(const sigset_t *here, void *there)
{
    memset(there, 0, ABI_sigset_t);
    for (int i = 1; i < 32; i++)
        if (numbers[i] && sigismember(here, numbers[i]) == 1)
            AT(uint32_t, there, 0) |= 1u << (i - 1);
}

static void set_here(const void *there, sigset_t *here)
{
    sigemptyset(here);
    for (int i = 1; i < 32; i++)
        if (numbers[i] && (AT(const uint32_t, there, 0) >> (i - 1) & 1))
            sigaddset(here, numbers[i]);
}

typedef void handler_there(int, void *, void *);
static unsigned char actions[32][ABI_struct_sigaction]; /* as the program set them */
static const size_t place[] = PLACES;

static void lay_out(const ucontext_t *here, unsigned char *there)
{
    memset(there, 0xa5, ABI_ucontext_t);
    set_there(&here->uc_sigmask, there + CONTEXT_MASK_AT);
#ifdef ABI_ucontext_t_uc_stack
    AT(void *, there, ABI_ucontext_t_uc_stack) = here->uc_stack.ss_sp;
    AT(size_t, there, ABI_ucontext_t_uc_stack + sizeof(void *)) =
        here->uc_stack.ss_size;
#endif
    for (unsigned column = 0; column < REGS_COUNT; column++)
        AT(uintptr_t, there, place[column]) = regs_get(here, column);
}

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

static void arrive(int number, siginfo_t *info, void *arg)
{
    int saved_errno = errno, there = signal_there(number);
    _Alignas(64) unsigned char context[ABI_ucontext_t];
    unsigned char siginfo[ABI_siginfo_t] = {0};
    ucontext_t *here = arg;

    if (hand_on(info)) {
        errno = saved_errno;
        return;
    }
    lay_out(here, context);
    AT(int, siginfo, 0) = there;
    AT(int, siginfo, ABI_siginfo_t_si_code) = code_there(info);
    AT(handler_there *, actions[there], 0)(there, siginfo, context);
    set_here(context + CONTEXT_MASK_AT, &here->uc_sigmask);
    errno = saved_errno;
}

int PLAYED(sigaction)(int number, const void *set, void *get);
int PLAYED(sigaddset)(void *set, int number);
int PLAYED(sigemptyset)(void *set);
int PLAYED(sigfillset)(void *set);
int PLAYED(sigismember)(const void *set, int number);
int PLAYED(pthread_sigmask)(int how, const void *set, void *before);
int PLAYED(sigpending)(void *set);
int PLAYED(sigwait)(const void *set, int *number);
int PLAYED(raise)(int number);

int PLAYED(sigaction)(int number, const void *set, void *get)
{
    unsigned char before[ABI_struct_sigaction];
    struct sigaction action;
    handler_there *handler;
    int flags;

    memset(&action, 0, sizeof action);
    if (!signal_here(number)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(before, actions[number], sizeof before);
    if (get)
        memcpy(get, before, sizeof before);
    if (!set)
        return 0;
    memcpy(actions[number], set, sizeof before);
    handler = AT(handler_there *, set, 0);
    flags = AT(int, set, ABI_struct_sigaction_sa_flags);
    action.sa_flags = SA_SIGINFO |
                      ((flags & ABI_SA_ONSTACK) ? SA_ONSTACK : 0) |
                      ((flags & ABI_SA_RESTART) ? SA_RESTART : 0);
    action.sa_sigaction = arrive;
    set_here((const char *)set + ABI_struct_sigaction_sa_mask, &action.sa_mask);
    if ((uintptr_t)handler < 2) {
        action.sa_flags = 0;
        action.sa_handler = (uintptr_t)handler ? SIG_IGN : SIG_DFL;
    }
    return sigaction(signal_here(number), &action, NULL);
}

int PLAYED(sigaddset)(void *set, int number)
{
    AT(uint32_t, set, (size_t)(number - 1) / 32 * 4) |=
        1u << ((number - 1) % 32);
    return 0;
}

int PLAYED(sigemptyset)(void *set)
{
    memset(set, 0, ABI_sigset_t);
    return 0;
}

int PLAYED(sigfillset)(void *set)
{
    memset(set, 0xff, ABI_sigset_t);
    return 0;
}

int PLAYED(sigismember)(const void *set, int number)
{
    return AT(const uint32_t, set, (size_t)(number - 1) / 32 * 4) >>
               ((number - 1) % 32) &
           1;
}

int PLAYED(pthread_sigmask)(int how, const void *set, void *before)
{
    sigset_t here, was;
    int error;

    if (set)
        set_here(set, &here);
    error = pthread_sigmask(how == ABI_SIG_SETMASK   ? SIG_SETMASK
                            : how == ABI_SIG_UNBLOCK ? SIG_UNBLOCK
                                                     : SIG_BLOCK,
                            set ? &here : NULL, &was);
    if (before)
        set_there(&was, before);
    return error;
}

int PLAYED(sigpending)(void *set)
{
    sigset_t here;
    int result = sigpending(&here);

    set_there(&here, set);
    return result;
}

int PLAYED(sigwait)(const void *set, int *number)
{
    sigset_t here;
    int error;

    set_here(set, &here);
    error = sigwait(&here, number);
    *number = signal_there(*number);
    return error;
}

int PLAYED(raise)(int number)
{
    return raise(signal_here(number));
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

bool can_be_read(const void *at, size_t size)
{
    unsigned char bytes[64];
    struct iovec local = {bytes, size}, remote = {(void *)(uintptr_t)at, size};

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}
