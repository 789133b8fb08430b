/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What threads do on illumos that is not just work, for whole.py: ways WORD.
 *
 *  states    one sleeps, one waits for a lock, one works, each with a name
 *  handlers  work in a handler, with and without a siginfo
 *  deferred  work in libc's critical regions: ticks come at their ends
 *  fork      parent and child work
 *
 * Each says what has to be found, on stdout.
 */
#include "system.h"

#include <errno.h>
#include <pthread.h>

#include "../ways.h"

static _Atomic unsigned interrupted_calls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static NOINLINE void sleep_here(unsigned ms)
{
    struct timespec nap = {ms / 1000, (long)(ms % 1000) * 1000000};

    while (nanosleep(&nap, &nap) != 0)
        atomic_fetch_add(&interrupted_calls, 1);
    return_to_user();
    __asm__ volatile("");
}

static NOINLINE void lock_here(void)
{
    pthread_mutex_lock(&lock);
    return_to_user();
    pthread_mutex_unlock(&lock);
}

static void *sleeper(void *arg)
{
    pthread_setname_np(pthread_self(), "sleeper");
    use_cpu(60); /* it is to be known */
    sleep_here(600);
    use_cpu(30);
    return arg;
}

static void *locker(void *arg)
{
    pthread_setname_np(pthread_self(), "locker");
    use_cpu(60);
    lock_here();
    use_cpu(30);
    return arg;
}

static void states(void)
{
    pthread_t threads[2];

    pthread_mutex_lock(&lock);
    pthread_create(&threads[0], NULL, sleeper, NULL);
    pthread_create(&threads[1], NULL, locker, NULL);
    work_here(300);
    sleep_here(400);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("interrupted_calls %u\n", atomic_load(&interrupted_calls));
}

int main(int argc, char **argv)
{
    static const struct way ways[] = {{"states", states},
                                      {"handlers", handlers},
                                      {"deferred", deferred},
                                      {"fork", fork_and_work},
                                      {NULL, NULL}};

    return go(ways, argc, argv);
}
