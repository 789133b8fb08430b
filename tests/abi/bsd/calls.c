/* SPDX-License-Identifier: BSD-2-Clause */
/* A BSD's C library on Linux: times, locks, memory, the loader's list. */
#include "system.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_now(int clock)
{
    struct timespec now = {0, 0};

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int PLAYED(clock_gettime)(clock_there clock, void *at);
int PLAYED(nanosleep)(const void *time, void *left);
struct tm *PLAYED(localtime_r)(const void *time, struct tm *to);
int PLAYED(setitimer)(int which, const void *set, void *get);
int PLAYED(getitimer)(int which, void *get);
int PLAYED(issetugid)(void);
long PLAYED(sysconf)(int which);
int PLAYED(flock)(int descriptor, int operation);
int PLAYED(sem_init)(void *semaphore, int shared, unsigned value);
int PLAYED(sem_post)(void *semaphore);
int PLAYED(sem_wait)(void *semaphore);
void *PLAYED(mmap)(void *at, size_t size, int prot, int flags, int descriptor,
                   int64_t offset);
int PLAYED(pthread_attr_getstack)(const void *attributes, void **low,
                                  size_t *size);
int PLAYED(dl_iterate_phdr)(int (*visit)(void *, size_t, void *), void *arg);
void *PLAYED(dlopen)(const char *path, int how);
void *PLAYED(dlsym)(void *handle, const char *name);
int PLAYED(getrlimit)(int which, void *limit);

#define PLAYED_AS(macro) PLAYED(macro) /* of what it stands for */

int *PLAYED_AS(OWN_ERRNO)(void);
int PLAYED(syscall)(int number, ...);

int *PLAYED_AS(OWN_ERRNO)(void)
{
    return &errno;
}

#ifdef MASK_CALL
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
    if (number != MASK_CALL || how != -1)
        abort();
    errno = can_be_read(mask, ABI_sigset_t) ? EINVAL : EFAULT;
    return -1;
}
#endif

/* ---- Times: those of some have more bytes than ours --------------------------------- */

struct timespec time_here(const void *there)
{
    struct timespec here;

    here.tv_sec = (time_t)AT(const time_there, there, 0);
    here.tv_nsec = AT(const long, there, sizeof(time_there));
    return here;
}

static void put_time(const struct timespec *here, void *there)
{
    AT(time_there, there, 0) = here->tv_sec;
    AT(long, there, sizeof(time_there)) = here->tv_nsec;
}

#ifdef CLOCKS_HAVE_TYPES /* of a thread: the type, and the thread above it */
static int clock_here(clock_there clock)
{
    int here = CLOCK_THREAD_CPUTIME_ID;

    if (clock != ABI_CLOCK_THREAD_CPUTIME_ID)
        clock_of(clock >> 12, &here);
    return here;
}
#else /* made by clock_of */
static int clock_here(clock_there clock)
{
    return (int)clock;
}
#endif

int PLAYED(clock_gettime)(clock_there clock, void *at)
{
    struct timespec here;
    int result = clock_gettime(clock == ABI_CLOCK_MONOTONIC ? CLOCK_MONOTONIC
                               : clock == ABI_CLOCK_PROCESS_CPUTIME_ID
                                   ? CLOCK_PROCESS_CPUTIME_ID
                                   : clock_here(clock),
                               &here);

    if (result == 0)
        put_time(&here, at);
    return result;
}

int PLAYED(nanosleep)(const void *time, void *left)
{
    struct timespec here = time_here(time), rest;
    int result = nanosleep(&here, &rest);

    if (result != 0 && left)
        put_time(&rest, left);
    return result;
}

struct tm *PLAYED(localtime_r)(const void *time, struct tm *to)
{
    time_t here = (time_t)AT(const time_there, time, 0);

    return localtime_r(&here, to);
}

static struct timeval timeval_here(const char *there)
{
    struct timeval here;

    here.tv_sec = (time_t)AT(const time_there, there, 0);
    here.tv_usec = AT(const suseconds_there, there, sizeof(time_there));
    return here;
}

static void put_timeval(const struct timeval *here, char *there)
{
    AT(time_there, there, 0) = here->tv_sec;
    AT(suseconds_there, there, sizeof(time_there)) = (suseconds_there)here->tv_usec;
}

int PLAYED(setitimer)(int which, const void *set, void *get)
{
    struct itimerval here;

    if (which != ABI_ITIMER_PROF || get)
        abort(); /* nothing that we play */
    here.it_interval = timeval_here(set);
    here.it_value = timeval_here((const char *)set + ABI_struct_timeval);
    return setitimer(ITIMER_PROF, &here, NULL);
}

int PLAYED(getitimer)(int which, void *get)
{
    struct itimerval here;
    int result = getitimer(which == ABI_ITIMER_PROF ? ITIMER_PROF : -1, &here);

    if (result == 0) {
        put_timeval(&here.it_interval, get);
        put_timeval(&here.it_value, (char *)get + ABI_struct_timeval);
    }
    return result;
}

/* ---- Locks, memory ------------------------------------------------------------------- */

int PLAYED(issetugid)(void)
{
    return 0;
}

long PLAYED(sysconf)(int which)
{
    return which == ABI__SC_PAGESIZE ? sysconf(_SC_PAGESIZE) : -1;
}

int PLAYED(flock)(int descriptor, int operation)
{
    int result = flock(descriptor, operation);

    if (result != 0 && errno == EWOULDBLOCK)
        errno = ABI_EAGAIN;
    return result;
}

/* Linux' are larger. */
static sem_t semaphores[8];

int PLAYED(sem_init)(void *semaphore, int shared, unsigned value)
{
    static _Atomic unsigned made;
    unsigned mine = atomic_fetch_add(&made, 1) % 8;

    AT(unsigned, semaphore, 0) = mine;
    return sem_init(&semaphores[mine], shared, value);
}

int PLAYED(sem_post)(void *semaphore)
{
    return sem_post(&semaphores[AT(unsigned, semaphore, 0)]);
}

int PLAYED(sem_wait)(void *semaphore)
{
    return sem_wait(&semaphores[AT(unsigned, semaphore, 0)]);
}

void *PLAYED(mmap)(void *at, size_t size, int prot, int flags, int descriptor,
                   int64_t offset)
{
    return mmap64(at, size, prot,
                  (flags & 3) | ((flags & ABI_MAP_ANON) ? MAP_ANONYMOUS : 0),
                  descriptor, offset);
}

/* Asked right behind the thread's attributes. */
int PLAYED(pthread_attr_getstack)(const void *attributes, void **low,
                                  size_t *size)
{
    (void)attributes;
    return stack_here(low, size);
}

/* The first object, the program, has its path for a name. */
struct visit {
    int (*visit)(void *, size_t, void *);
    void *arg;
    bool any;
};

#ifndef HEADERS_THERE
static const ElfW(Phdr) *headers_there(const struct dl_phdr_info *info)
{
    return info->dlpi_phdr;
}
#endif

static int visit_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    static char path[PATH_MAX];
    struct visit *visit = arg;
    unsigned char there[ABI_struct_dl_phdr_info] = {0};
    const ElfW(Phdr) *headers = headers_there(info);

    (void)size;
    if (!visit->any && !path[0] &&
        readlink("/proc/self/exe", path, sizeof path - 1) < 0)
        abort();
    AT(uintptr_t, there, 0) = info->dlpi_addr;
    AT(const char *, there, sizeof(void *)) =
        visit->any ? info->dlpi_name : path;
    AT(const void *, there, 2 * sizeof(void *)) = headers;
    AT(uint16_t, there, 3 * sizeof(void *)) = info->dlpi_phnum;
#ifdef ABI_struct_dl_phdr_info_dlpi_adds
    AT(uint64_t, there, ABI_struct_dl_phdr_info_dlpi_adds) = info->dlpi_adds;
    AT(uint64_t, there, ABI_struct_dl_phdr_info_dlpi_subs) = info->dlpi_subs;
#endif
    visit->any = true;
    return visit->visit(there, sizeof there, visit->arg);
}

int PLAYED(dl_iterate_phdr)(int (*visit)(void *, size_t, void *), void *arg)
{
    struct visit all = {visit, arg, false};

    return dl_iterate_phdr(visit_object, &all);
}

/* Python's module is loaded into Python only. */
void *PLAYED(dlopen)(const char *path, int how)
{
    (void)path;
    (void)how;
    abort();
}

void *PLAYED(dlsym)(void *handle, const char *name)
{
    (void)name;
    if (handle != (void *)-2)
        abort();
    return NULL; /* _dl_find_object is glibc's */
}

int PLAYED(getrlimit)(int which, void *limit)
{
    struct rlimit64 here;

    if (which != ABI_RLIMIT_STACK || getrlimit64(RLIMIT_STACK, &here) != 0)
        return -1;
    AT(int64_t, limit, 0) = (int64_t)(here.rlim_cur & INT64_MAX);
    AT(int64_t, limit, 8) = (int64_t)(here.rlim_max & INT64_MAX);
    return 0;
}

int stack_here(void **low, size_t *size)
{
    pthread_attr_t here;
    int error = pthread_getattr_np(pthread_self(), &here);

    if (!error) {
        pthread_attr_getstack(&here, low, size);
        pthread_attr_destroy(&here);
    }
    return error;
}
