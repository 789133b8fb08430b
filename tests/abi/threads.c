/* SPDX-License-Identifier: BSD-2-Clause */
/* Another system's threads and locks, on words of that system's objects, which its
 * system.h tells. For whole.py. */
#include "system.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_on(_Atomic uint32_t *word, uint32_t value,
                    const struct timespec *until)
{
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, until, NULL,
            FUTEX_BITSET_MATCH_ANY);
}

static void wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

#define LOCK(mutex) (&AT(_Atomic uint32_t, mutex, LOCK_AT))
#define TURN(condition) (&AT(_Atomic uint32_t, condition, LOCK_AT))

int PLAYED(pthread_mutex_init)(void *mutex, const void *attributes);
int PLAYED(pthread_mutex_lock)(void *mutex);
int PLAYED(pthread_mutex_trylock)(void *mutex);
int PLAYED(pthread_mutex_unlock)(void *mutex);
int PLAYED(pthread_cond_init)(void *condition, const void *attributes);
int PLAYED(pthread_cond_signal)(void *condition);
int PLAYED(pthread_cond_broadcast)(void *condition);
int PLAYED(pthread_cond_wait)(void *condition, void *mutex);
int PLAYED(pthread_cond_timedwait)(void *condition, void *mutex,
                                   const void *until_there);
int PLAYED(pthread_once)(void *once, void (*function)(void));
int PLAYED(pthread_condattr_init)(void *attributes);
int PLAYED(pthread_condattr_destroy)(void *attributes);
int PLAYED(pthread_condattr_setclock)(void *attributes, int clock);
int PLAYED(pthread_attr_init)(void *attributes);
int PLAYED(pthread_attr_destroy)(void *attributes);
int PLAYED(pthread_attr_setstacksize)(void *attributes, size_t bytes);
int PLAYED(pthread_create)(thread_there *thread, const void *attributes,
                           void *(*start)(void *), void *arg);
int PLAYED(pthread_join)(thread_there thread, void **result);
int PLAYED(pthread_setcancelstate)(int state, int *before);

int PLAYED(pthread_mutex_init)(void *mutex, const void *attributes)
{
    (void)attributes;
    memset(mutex, 0, ABI_pthread_mutex_t);
    return 0;
}

int PLAYED(pthread_mutex_trylock)(void *mutex)
{
    uint32_t free = 0;

    return atomic_compare_exchange_strong(LOCK(mutex), &free, 1) ? 0 : EBUSY;
}

int PLAYED(pthread_mutex_lock)(void *mutex)
{
    if (PLAYED(pthread_mutex_trylock)(mutex) != 0)
        while (atomic_exchange(LOCK(mutex), 2) != 0)
            wait_on(LOCK(mutex), 2, NULL);
    return 0;
}

int PLAYED(pthread_mutex_unlock)(void *mutex)
{
    if (atomic_exchange(LOCK(mutex), 0) == 2)
        wake(LOCK(mutex), 1);
    return 0;
}

int PLAYED(pthread_cond_init)(void *condition, const void *attributes)
{
    (void)attributes;
    memset(condition, 0, ABI_pthread_cond_t);
    return 0;
}

int PLAYED(pthread_cond_broadcast)(void *condition)
{
    atomic_fetch_add(TURN(condition), 1);
    wake(TURN(condition), INT_MAX);
    return 0;
}

int PLAYED(pthread_cond_signal)(void *condition)
{
    return PLAYED(pthread_cond_broadcast)(condition);
}

/* FUTEX_WAIT_BITSET's times are of the monotonic clock, as the library asks. */
int PLAYED(pthread_cond_timedwait)(void *condition, void *mutex,
                                   const void *until_there)
{
    struct timespec at, *until = until_there ? &at : NULL;
    uint32_t turn = atomic_load(TURN(condition));
    struct timespec now;
    bool late;

    if (until)
        at = time_here(until_there);
    PLAYED(pthread_mutex_unlock)(mutex);
    wait_on(TURN(condition), turn, until);
    PLAYED(pthread_mutex_lock)(mutex);
    clock_gettime(CLOCK_MONOTONIC, &now);
    late = until && (now.tv_sec > until->tv_sec ||
                     (now.tv_sec == until->tv_sec &&
                      now.tv_nsec >= until->tv_nsec));
    return late ? ABI_ETIMEDOUT : 0;
}

int PLAYED(pthread_cond_wait)(void *condition, void *mutex)
{
    return PLAYED(pthread_cond_timedwait)(condition, mutex, NULL);
}

int PLAYED(pthread_once)(void *once, void (*function)(void))
{
    static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

    pthread_mutex_lock(&lock);
    if (AT(uint32_t, once, ONCE_AT) == 0)
        function();
    AT(uint32_t, once, ONCE_AT) = 1;
    pthread_mutex_unlock(&lock);
    return 0;
}

int PLAYED(pthread_condattr_init)(void *attributes)
{
    AT(long, attributes, 0) = 3;
    return 0;
}

int PLAYED(pthread_condattr_destroy)(void *attributes)
{
    (void)attributes;
    return 0;
}

int PLAYED(pthread_condattr_setclock)(void *attributes, int clock)
{
    (void)attributes;
    return clock == ABI_CLOCK_MONOTONIC ? 0 : EINVAL;
}

int PLAYED(pthread_attr_init)(void *attributes)
{
    AT(size_t, attributes, 0) = 0;
    return 0;
}

int PLAYED(pthread_attr_destroy)(void *attributes)
{
    (void)attributes;
    return 0;
}

int PLAYED(pthread_attr_setstacksize)(void *attributes, size_t bytes)
{
    AT(size_t, attributes, 0) = bytes;
    return 0;
}

/* Threads that the library makes; an id is a number above 0. */
static pthread_t threads[64];
static _Atomic unsigned threads_made;

int PLAYED(pthread_create)(thread_there *thread, const void *attributes,
                           void *(*start)(void *), void *arg)
{
    unsigned mine = atomic_fetch_add(&threads_made, 1) % 64;
    pthread_attr_t here;
    int error;

    pthread_attr_init(&here);
    if (attributes && AT(const size_t, attributes, 0))
        pthread_attr_setstacksize(&here, AT(const size_t, attributes, 0));
    error = pthread_create(&threads[mine], &here, start, arg);
    pthread_attr_destroy(&here);
    *thread = (thread_there)(uintptr_t)(mine + 1);
    return error;
}

int PLAYED(pthread_join)(thread_there thread, void **result)
{
    return pthread_join(threads[(uintptr_t)thread - 1], result);
}

int PLAYED(pthread_setcancelstate)(int state, int *before)
{
    return pthread_setcancelstate(state == ABI_PTHREAD_CANCEL_DISABLE
                                      ? PTHREAD_CANCEL_DISABLE
                                      : PTHREAD_CANCEL_ENABLE,
                                  before);
}
