/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macOS's signals on Linux. ITIMER_PROF is Linux' own: it too runs on the CPU
 * time of the process, and is raised in a thread that used some. What a signal brings
 * comes as that system lays it out: the registers behind a pointer, and no word of who
 * sent it.
 */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/regs.h"
#include "places.h"

/* ---- Signals ------------------------------------------------------------------ */

static const size_t place[] = PLACES;

static void lay_out(const ucontext_t *here, unsigned char *context,
                    unsigned char *registers)
{
    memset(context, 0xa5, ABI_ucontext_t);
    memset(registers, 0xa5, ABI_struct___darwin_mcontext64);
    set_there(&here->uc_sigmask, context + ABI_ucontext_t_uc_sigmask);
    AT(void *, context, ABI_ucontext_t_uc_mcontext) = registers;
    for (unsigned column = 0; column < REGS_COUNT; column++)
        AT(uintptr_t, registers, place[column]) = regs_get(here, column);
}

void arrive(int number, siginfo_t *info, void *arg)
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
    set_here(context + ABI_ucontext_t_uc_sigmask, &here->uc_sigmask);
    errno = saved_errno;
}

int darwin_sigprocmask(int how, const uint32_t *set, uint32_t *before);
int darwin_pthread_kill(void *thread, int number);
int darwin_setitimer(int which, const void *set, void *get);
int darwin_getitimer(int which, void *get);

/* A mask for an impossible change: is it read? */
int darwin_sigprocmask(int how, const uint32_t *set, uint32_t *before)
{
    uint32_t mask;

    if (how != -1 || before || !set)
        abort();
    errno = copy_safely((uintptr_t)set, &mask, sizeof mask) ? EINVAL : EFAULT;
    return -1;
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

/* ---- Memory --------------------------------------------------------------------------- */

void *darwin_mmap(void *at, size_t size, int prot, int flags, int descriptor,
                  int64_t offset);

void *darwin_mmap(void *at, size_t size, int prot, int flags, int descriptor,
                  int64_t offset)
{
    return mmap(at, size, prot,
                (flags & 3) | ((flags & ABI_MAP_ANON) ? MAP_ANONYMOUS : 0),
                descriptor, offset);
}
