/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the wall clock costs, and whom it wakes.
 *
 *      wall SLEEPERS BUSY WAKING SECONDS
 *
 * Sleepers and busy threads are there before the start; WAKING threads wake every
 * 5 ms. Prints a row of a table: calls interrupted in the first second and later, of
 * sleepers and of waking threads, and the CPU time of our threads.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sigprof/sigprof.h"

static _Atomic unsigned ready, sleepers_interrupted, waking_interrupted;

static void *be_asleep(void *unused)
{
    (void)unused;
    ready++;
    for (;;)
        if (poll(NULL, 0, -1) < 0)
            sleepers_interrupted++;
    return NULL;
}

static void *be_waking(void *unused)
{
    (void)unused;
    ready++;
    for (;;)
        if (poll(NULL, 0, 5) < 0)
            waking_interrupted++;
    return NULL;
}

static void *be_busy(void *unused)
{
    (void)unused;
    ready++;
    for (volatile unsigned i = 0;; i = i + 1)
        ;
    return NULL;
}

static void make(void *(*what)(void *), unsigned count)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    while (count--)
        if (pthread_create(&thread, &attributes, what, NULL) != 0)
            exit(1);
    pthread_attr_destroy(&attributes);
}

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void rest(double seconds)
{
    double until = now() + seconds;

    while (now() < until)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
}

int main(int argc, char **argv)
{
    struct sigprof_options options = {
        .size = sizeof options, .hz = 99, .clock = SIGPROF_CLOCK_WALL};
    struct sigprof_stats stats = {.size = sizeof stats};
    unsigned count[3], asleep_first, waking_first;
    double began, seconds;

    if (argc != 5)
        return 2;
    for (unsigned i = 0; i < 3; i++)
        count[i] = (unsigned)atoi(argv[i + 1]);
    seconds = atof(argv[4]);
    options.out = "wall.sigprof";
    make(be_asleep, count[0]);
    make(be_busy, count[1]);
    make(be_waking, count[2]);
    while (ready < count[0] + count[1] + count[2])
        rest(0.01);
    rest(0.1);
    began = now();
    if (sigprof_start(&options) != 0)
        return 1;
    rest(1);
    asleep_first = sleepers_interrupted;
    waking_first = waking_interrupted;
    rest(seconds);
    sigprof_stats(&stats);
    printf("| %u asleep, %u busy, %u waking | %u, then %u | %u, then %u | %.2f %% |\n",
           count[0], count[1], count[2], asleep_first,
           sleepers_interrupted - asleep_first, waking_first,
           waking_interrupted - waking_first,
           (double)stats.own_ns / (now() - began) / 1e7);
    return sigprof_stop() == 0 ? 0 : 1;
}
