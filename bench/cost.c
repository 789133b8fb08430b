/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nanoseconds for a raised SIGPROF at a stack depth, whoever's handler is there.
 * usage: cost DEPTH hot|cold RAISES; prints the median of the raises.
 *
 * The signal carries what our timer's would (/proc/self/timers), so that our
 * handler takes it for a tick; others do not look. "cold": 24 MiB are walked
 * before each raise. No frame pointers, as in a distribution's code.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/ticks.h"

#define COLD_BYTES (24u << 20)

static struct ticks_thread self;
static uint8_t *cold;
static unsigned raises;
static uint32_t *cost_ns;
static volatile unsigned sink;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void walk(void)
{
    for (size_t i = 0; cold && i < COLD_BYTES; i += 64)
        cold[i]++;
}

__attribute__((noinline)) static void measure(void)
{
    for (unsigned i = 0; i < raises; i++) {
        uint64_t then;

        walk();
        then = now_ns();
        ticks_raise(&self);
        cost_ns[i] = (uint32_t)(now_ns() - then);
    }
}

__attribute__((noinline)) static void dive(unsigned depth)
{
    if (depth == 0)
        measure();
    else
        dive(depth - 1);
    sink = sink + 1;
}

static int compare(const void *left, const void *right)
{
    uint32_t l = *(const uint32_t *)left, r = *(const uint32_t *)right;

    return l < r ? -1 : l > r;
}

int main(int argc, char **argv)
{
    unsigned depth;

    if (argc != 4)
        return 2;
    depth = (unsigned)atoi(argv[1]);
    raises = (unsigned)atoi(argv[3]);
    cost_ns = calloc(raises, sizeof *cost_ns);
    if (strcmp(argv[2], "cold") == 0)
        cold = calloc(1, COLD_BYTES);
    if (!cost_ns || ticks_threads(&self, 1) == 0) {
        self.tid = (int)syscall(SYS_gettid);
        self.value = 0;
    }
    dive(depth - 6 < depth ? depth - 6 : depth); /* main and what calls it */
    qsort(cost_ns, raises, sizeof *cost_ns, compare);
    printf("%u\n", cost_ns[raises / 2]);
    return 0;
}
