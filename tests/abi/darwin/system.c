/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macOS's signals and files on Linux. ITIMER_PROF is Linux' own: it too runs on the CPU
 * time of the process, and is raised in a thread that used some. What a signal brings
 * comes as that system lays it out: the registers behind a pointer, and no word of who
 * sent it.
 */
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/regs.h"
#include "places.h"

/* ---- Signals ------------------------------------------------------------------ */

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

static uint32_t set_there(const sigset_t *here)
{
    uint32_t there = 0;

    for (int i = 1; i < 32; i++)
        if (numbers[i] && sigismember(here, numbers[i]) == 1)
            there |= 1u << (i - 1);
    return there;
}

static void set_here(uint32_t there, sigset_t *here)
{
    sigemptyset(here);
    for (int i = 1; i < 32; i++)
        if (numbers[i] && (there >> (i - 1) & 1))
            sigaddset(here, numbers[i]);
}

typedef void handler_there(int, void *, void *);
static unsigned char actions[32][ABI_struct_sigaction]; /* as the program set them */
static const size_t place[] = PLACES;

static void lay_out(const ucontext_t *here, unsigned char *context,
                    unsigned char *registers)
{
    memset(context, 0xa5, ABI_ucontext_t);
    memset(registers, 0xa5, ABI_struct___darwin_mcontext64);
    AT(uint32_t, context, ABI_ucontext_t_uc_sigmask) =
        set_there(&here->uc_sigmask);
    AT(void *, context, ABI_ucontext_t_uc_mcontext) = registers;
    for (unsigned column = 0; column < REGS_COUNT; column++)
        AT(uintptr_t, registers, place[column]) = regs_get(here, column);
}

static void arrive(int number, siginfo_t *info, void *arg)
{
    int saved_errno = errno, there = signal_there(number);
    _Alignas(16) unsigned char context[ABI_ucontext_t];
    _Alignas(16) unsigned char registers[ABI_struct___darwin_mcontext64];
    _Alignas(16) unsigned char siginfo[ABI_siginfo_t] = {0};
    ucontext_t *here = arg;

    lay_out(here, context, registers);
    AT(int, siginfo, 0) = there;
    if (info->si_code == SI_USER)
        AT(int, siginfo, ABI_siginfo_t_si_pid) = info->si_pid;
    AT(handler_there *, actions[there], 0)(there, siginfo, context);
    set_here(AT(uint32_t, context, ABI_ucontext_t_uc_sigmask),
             &here->uc_sigmask);
    errno = saved_errno;
}

int darwin_sigaction(int number, const void *set, void *get);
int darwin_sigaddset(uint32_t *set, int number);
int darwin_sigemptyset(uint32_t *set);
int darwin_sigfillset(uint32_t *set);
int darwin_sigismember(const uint32_t *set, int number);
int darwin_pthread_sigmask(int how, const uint32_t *set, uint32_t *before);
int darwin_sigprocmask(int how, const uint32_t *set, uint32_t *before);
int darwin_sigpending(uint32_t *set);
int darwin_sigwait(const uint32_t *set, int *number);
int darwin_raise(int number);
int darwin_pthread_kill(void *thread, int number);
int darwin_setitimer(int which, const void *set, void *get);
int darwin_getitimer(int which, void *get);

int darwin_sigaction(int number, const void *set, void *get)
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
    set_here(AT(const uint32_t, set, ABI_struct_sigaction_sa_mask),
             &action.sa_mask);
    if ((uintptr_t)handler < 2) {
        action.sa_flags = 0;
        action.sa_handler = (uintptr_t)handler ? SIG_IGN : SIG_DFL;
    }
    return sigaction(signal_here(number), &action, NULL);
}

int darwin_sigaddset(uint32_t *set, int number)
{
    *set |= 1u << (number - 1);
    return 0;
}

int darwin_sigemptyset(uint32_t *set)
{
    *set = 0;
    return 0;
}

int darwin_sigfillset(uint32_t *set)
{
    *set = ~0u;
    return 0;
}

int darwin_sigismember(const uint32_t *set, int number)
{
    return *set >> (number - 1) & 1;
}

int darwin_pthread_sigmask(int how, const uint32_t *set, uint32_t *before)
{
    sigset_t here, was;
    int error;

    if (set)
        set_here(*set, &here);
    error = pthread_sigmask(how == ABI_SIG_SETMASK   ? SIG_SETMASK
                            : how == ABI_SIG_UNBLOCK ? SIG_UNBLOCK
                                                     : SIG_BLOCK,
                            set ? &here : NULL, &was);
    if (before)
        *before = set_there(&was);
    return error;
}

/* A mask for an impossible change: is it read? */
int darwin_sigprocmask(int how, const uint32_t *set, uint32_t *before)
{
    uint32_t mask;

    if (how != -1 || before || !set)
        abort();
    errno = copy_safely((uintptr_t)set, &mask, sizeof mask) ? EINVAL : EFAULT;
    return -1;
}

int darwin_sigpending(uint32_t *set)
{
    sigset_t here;
    int result = sigpending(&here);

    *set = set_there(&here);
    return result;
}

int darwin_sigwait(const uint32_t *set, int *number)
{
    sigset_t here;
    int error;

    set_here(*set, &here);
    error = sigwait(&here, number);
    *number = signal_there(*number);
    return error;
}

int darwin_raise(int number)
{
    return raise(signal_here(number));
}

/* A thread is the number of its port: mach.c. */
int darwin_pthread_kill(void *thread, int number)
{
    return syscall(SYS_tgkill, getpid(), (int)(uintptr_t)thread,
                   signal_here(number)) == 0
               ? 0
               : errno;
}

static void put_interval(const struct itimerval *here, void *there)
{
    AT(long, there, 0) = here->it_interval.tv_sec;
    AT(int, there, 8) = (int)here->it_interval.tv_usec;
    AT(long, there, 16) = here->it_value.tv_sec;
    AT(int, there, 24) = (int)here->it_value.tv_usec;
}

int darwin_setitimer(int which, const void *set, void *get)
{
    struct itimerval here = {{AT(const long, set, 0), AT(const int, set, 8)},
                             {AT(const long, set, 16), AT(const int, set, 24)}};
    struct itimerval before;
    int result;

    if (which != ABI_ITIMER_PROF)
        abort();
    result = setitimer(ITIMER_PROF, &here, &before);
    if (get)
        put_interval(&before, get);
    return result;
}

int darwin_getitimer(int which, void *get)
{
    struct itimerval here;
    int result = which == ABI_ITIMER_PROF ? getitimer(ITIMER_PROF, &here) : -1;

    if (result == 0)
        put_interval(&here, get);
    return result;
}

/* ---- Threads and times ------------------------------------------------------------- */

int *darwin___error(void);
int darwin_clock_gettime(int clock, struct timespec *at);
uint64_t darwin_clock_gettime_nsec_np(int clock);
int darwin_issetugid(void);
int darwin_pthread_cond_timedwait(void *condition, void *mutex,
                                  const void *until);
int darwin_pthread_cond_timedwait_relative_np(void *condition, void *mutex,
                                              const struct timespec *wait);
void *darwin_pthread_introspection_hook_install(void *hook);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg);

int *darwin___error(void)
{
    return &errno;
}

static clockid_t clock_here(int clock)
{
    if (clock == ABI_CLOCK_PROCESS_CPUTIME_ID)
        return CLOCK_PROCESS_CPUTIME_ID;
    if (clock == ABI_CLOCK_REALTIME)
        return CLOCK_REALTIME;
    if (clock != ABI_CLOCK_MONOTONIC && clock != ABI_CLOCK_UPTIME_RAW)
        abort();
    return CLOCK_MONOTONIC;
}

int darwin_clock_gettime(int clock, struct timespec *at)
{
    return clock_gettime(clock_here(clock), at);
}

uint64_t darwin_clock_gettime_nsec_np(int clock)
{
    struct timespec now = {0, 0};

    clock_gettime(clock_here(clock), &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int darwin_issetugid(void)
{
    return 0;
}

int darwin_pthread_cond_timedwait_relative_np(void *condition, void *mutex,
                                              const struct timespec *wait)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait->tv_sec + (until.tv_nsec + wait->tv_nsec) / 1000000000;
    until.tv_nsec = (until.tv_nsec + wait->tv_nsec) % 1000000000;
    return darwin_pthread_cond_timedwait(condition, mutex, &until);
}

typedef void thread_hook(unsigned event, void *thread, void *at, size_t bytes);
static thread_hook *hook;

void *darwin_pthread_introspection_hook_install(void *new)
{
    void *before = (void *)hook;

    hook = (thread_hook *)new;
    return before;
}

/* The system calls the hook in the new thread (START, 2), and as it ends (3). */
struct birth {
    void *(*start)(void *);
    void *arg;
};

static void *born(void *arg)
{
    struct birth birth = *(struct birth *)arg;
    void *result;

    free(arg);
    if (hook)
        hook(2, (void *)pthread_self(), NULL, 0);
    result = birth.start(birth.arg);
    if (hook)
        hook(3, (void *)pthread_self(), NULL, 0);
    return result;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg)
{
    struct birth *birth = malloc(sizeof *birth);

    *birth = (struct birth){start, arg};
    return __real_pthread_create(thread, attributes, born, birth);
}

/* ---- Semaphores, which have names ---------------------------------------------------- */

static sem_t semaphores[8];
static _Atomic unsigned semaphores_made;

void *darwin_sem_open(const char *name, int flags, ...);
int darwin_sem_unlink(const char *name);
int darwin_sem_post(sem_t *semaphore);
int darwin_sem_wait(sem_t *semaphore);
int darwin_sem_trywait(sem_t *semaphore);

void *darwin_sem_open(const char *name, int flags, ...)
{
    unsigned mine = atomic_fetch_add(&semaphores_made, 1) % 8;

    if (name[0] != '/' || strlen(name) > 30 ||
        flags != (ABI_O_CREAT | ABI_O_EXCL))
        abort();
    return sem_init(&semaphores[mine], 0, 0) == 0 ? &semaphores[mine] : NULL;
}

int darwin_sem_unlink(const char *name)
{
    return name[0] == '/' ? 0 : -1;
}

int darwin_sem_post(sem_t *semaphore)
{
    return sem_post(semaphore);
}

int darwin_sem_wait(sem_t *semaphore)
{
    return sem_wait(semaphore);
}

int darwin_sem_trywait(sem_t *semaphore)
{
    return sem_trywait(semaphore);
}

/* ---- Files ---------------------------------------------------------------------------- */

int darwin_open(const char *path, int flags, ...);
void *darwin_mmap(void *at, size_t size, int prot, int flags, int descriptor,
                  int64_t offset);
void *darwin_readdir(void *directory);
int darwin_stat(const char *path, void *to);
int darwin_lstat(const char *path, void *to);
int darwin_fstat(int descriptor, void *to);

static int flags_here(int flags)
{
    static const int pairs[][2] = {
        {ABI_O_APPEND, O_APPEND},   {ABI_O_NONBLOCK, O_NONBLOCK},
        {ABI_O_CREAT, O_CREAT},     {ABI_O_EXCL, O_EXCL},
        {ABI_O_NOCTTY, O_NOCTTY},   {ABI_O_NOFOLLOW, O_NOFOLLOW},
        {ABI_O_CLOEXEC, O_CLOEXEC}};
    int here = flags & 3, left = flags & ~3;

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        here |= (flags & pairs[i][0]) ? pairs[i][1] : 0;
        left &= ~pairs[i][0];
    }
    if (left)
        abort(); /* a flag that we do not know */
    return here;
}

/* Of variable arguments it reads an int, as a caller passes a mode_t. */
int darwin_open(const char *path, int flags, ...)
{
    mode_t mode;
    va_list list;

    va_start(list, flags);
    mode = (mode_t)va_arg(list, int);
    va_end(list);
    return open(path, flags_here(flags), mode);
}

void *darwin_mmap(void *at, size_t size, int prot, int flags, int descriptor,
                  int64_t offset)
{
    return mmap(at, size, prot,
                (flags & 3) | ((flags & ABI_MAP_ANON) ? MAP_ANONYMOUS : 0),
                descriptor, offset);
}

void *darwin_readdir(void *directory)
{
    static __thread unsigned char there[ABI_struct_dirent_d_name + 1024];
    struct dirent *entry = readdir(directory);

    if (!entry)
        return NULL;
    snprintf((char *)there + ABI_struct_dirent_d_name, 1024, "%s", entry->d_name);
    return there;
}

static int put_status(int result, const struct stat *here, void *there)
{
    if (result != 0)
        return result;
    memset(there, 0, ABI_struct_stat);
    AT(int, there, ABI_struct_stat_st_dev) = (int)here->st_dev;
    AT(uint64_t, there, ABI_struct_stat_st_ino) = here->st_ino;
    AT(uint16_t, there, ABI_struct_stat_st_mode) = (uint16_t)here->st_mode;
    AT(uint32_t, there, ABI_struct_stat_st_uid) = here->st_uid;
    AT(int64_t, there, ABI_struct_stat_st_size) = here->st_size;
    AT(time_t, there, ABI_struct_stat_st_mtimespec) = here->st_mtim.tv_sec;
    return 0;
}

int darwin_stat(const char *path, void *to)
{
    struct stat here;

    return put_status(stat(path, &here), &here, to);
}

int darwin_lstat(const char *path, void *to)
{
    struct stat here;

    return put_status(lstat(path, &here), &here, to);
}

int darwin_fstat(int descriptor, void *to)
{
    struct stat here;

    return put_status(fstat(descriptor, &here), &here, to);
}
