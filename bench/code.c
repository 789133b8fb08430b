/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What telling of generated code costs: registering functions of 100 to 400 bytes
 * one behind the other, until there are a million, with sampling on; then looking
 * them up as the handler does. Peers: a line written to a perf map, buffered and
 * flushed. Medians over rounds of a hundred.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "jit/map.h"
#include "sigprof/jit.h"

#define REGIONS 1000000u
#define ROUND 100u
#define BASE ((uintptr_t)1 << 40)

static double round_ns[REGIONS / ROUND];

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(const char *what, unsigned rounds)
{
    qsort(round_ns, rounds, sizeof *round_ns, by_value);
    printf("%-34s %7.0f ns   (1 %%: %.0f, 99 %%: %.0f)\n", what,
           round_ns[rounds / 2], round_ns[rounds / 100],
           round_ns[rounds / 100 * 99]);
}

static uintptr_t start_of(unsigned i)
{
    return BASE + (uintptr_t)i * 400;
}

/* The names are the VM's work, not ours. */
static void prepare(struct sigprof_code *code, char (*name)[64], unsigned from)
{
    for (unsigned i = 0; i < ROUND; i++) {
        snprintf(name[i], sizeof name[i],
                 "LazyCompile:*work%u /srv/app.js:%u", from + i, from + i);
        code[i] = (struct sigprof_code){
            .size = sizeof code[i],
            .start = (const void *)start_of(from + i),
            .bytes = 100 + (from + i) * 7919 % 300,
            .name = name[i]};
    }
}

/* 100,000 a second, as by a VM that compiles at its highest rate; or without a pause. */
static void register_all(double pause_ns)
{
    static struct sigprof_code code[ROUND];
    static char name[ROUND][64];

    for (unsigned round = 0; round < REGIONS / ROUND; round++) {
        double from;

        prepare(code, name, round * ROUND);
        from = now_ns();
        for (unsigned i = 0; i < ROUND; i++)
            if (sigprof_code_register(&code[i]) != 0)
                abort();
        round_ns[round] = (now_ns() - from) / ROUND;
        while (now_ns() - from < pause_ns)
            ;
    }
}

static void look_up_all(void)
{
    unsigned found = 0, rounds = 10000;

    srand(1);
    for (unsigned round = 0; round < rounds; round++) {
        uintptr_t at[ROUND];
        double from;

        for (unsigned i = 0; i < ROUND; i++)
            at[i] = start_of((unsigned)rand() % REGIONS) + 50;
        from = now_ns();
        for (unsigned i = 0; i < ROUND; i++)
            found += sigprof__code_find(at[i]) != NULL;
        round_ns[round] = (now_ns() - from) / ROUND;
    }
    if (found != rounds * ROUND)
        abort();
    report("look-up among a million, no cache", rounds);
}

static void write_map(bool flush)
{
    FILE *map = fopen("/tmp/sigprof-bench.map", "w");

    if (!map)
        return;
    for (unsigned round = 0; round < 1000; round++) {
        double from = now_ns();

        for (unsigned i = 0; i < ROUND; i++) {
            fprintf(map, "%lx %x LazyCompile:*work%u /srv/app.js:%u\n",
                    (unsigned long)start_of(i), 200u, i, i);
            if (flush)
                fflush(map);
        }
        round_ns[round] = (now_ns() - from) / ROUND;
    }
    fclose(map);
    remove("/tmp/sigprof-bench.map");
    report(flush ? "perf map line, flushed" : "perf map line, buffered", 1000);
}

int main(void)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 99,
                                      .out = "/tmp/sigprof-bench.sigprof"};

    if (sigprof_start(&options) != 0)
        return 1;
    register_all(1e9 / 100000 * ROUND);
    report("register, 100,000 a second", REGIONS / ROUND);
    register_all(0);
    report("register over another, back to back", REGIONS / ROUND);
    look_up_all();
    write_map(false);
    write_map(true);
    sigprof_stop();
    remove("/tmp/sigprof-bench.sigprof");
    return 0;
}
