/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting by the monotonic clock, and a semaphore, where both are as POSIX has them. */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "os/os.h"

void sigprof__os_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool sigprof__os_condition_wait(pthread_cond_t *condition,
                                pthread_mutex_t *lock, uint64_t until_ns)
{
    struct timespec until = {(time_t)(until_ns / 1000000000u),
                             (long)(until_ns % 1000000000u)};

    return pthread_cond_timedwait(condition, lock, &until) == 0;
}

sem_t *sigprof__os_semaphore(void)
{
    static sem_t semaphore;

    return sem_init(&semaphore, 0, 0) == 0 ? &semaphore : NULL;
}
