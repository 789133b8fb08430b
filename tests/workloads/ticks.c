/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a clock does to a program: ticks polls COUNT | eaten SECONDS | burn SECONDS
 *
 * polls: waits COUNT times for a millisecond, with work between, beside a busy
 * thread; prints how many waits a signal broke. eaten: a third of the CPU time
 * SIGPROF is blocked, and what came is taken off the thread. burn: CPU time, no
 * more.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Atomic int done;
static volatile unsigned sink;

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void burn(double seconds)
{
    double until = cpu_seconds() + seconds;

    while (cpu_seconds() < until)
        for (unsigned i = 0; i < 20000; i++)
            sink += i;
}

static void *be_busy(void *arg)
{
    while (!atomic_load(&done))
        burn(0.01);
    return arg;
}

static int polls(int count)
{
    unsigned broken = 0;
    pthread_t busy;

    if (pthread_create(&busy, NULL, be_busy, NULL) != 0)
        return 1;
    for (int i = 0; i < count; i++) {
        broken += poll(NULL, 0, 1) < 0 && errno == EINTR;
        burn(0.0002);
    }
    atomic_store(&done, 1);
    pthread_join(busy, NULL);
    printf("%u\n", broken);
    return 0;
}

static int eaten(double seconds)
{
    const struct timespec at_once = {0, 0};
    double until = cpu_seconds() + seconds;
    sigset_t only;

    sigemptyset(&only);
    sigaddset(&only, SIGPROF);
    while (cpu_seconds() < until) {
        pthread_sigmask(SIG_BLOCK, &only, NULL);
        burn(0.01);
        while (sigtimedwait(&only, NULL, &at_once) > 0)
            ;
        pthread_sigmask(SIG_UNBLOCK, &only, NULL);
        burn(0.02);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "polls") == 0)
        return polls(atoi(argv[2]));
    if (strcmp(argv[1], "eaten") == 0)
        return eaten(atof(argv[2]));
    burn(atof(argv[2]));
    return 0;
}
