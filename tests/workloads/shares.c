/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ten functions with fixed, unequal shares of the time, that account for it
 * themselves: shares THREADS SECONDS TRUTH
 * [short | bursts | phase]
 *
 * Each thread calls the functions in random order for random times (a fixed
 * order or time would beat with the kernel's ticks), and adds up what its CPU
 * clock says of each. TRUTH gets a line for each function: name, first address,
 * address behind it, nanoseconds. Thread t of several works 1 + t shares of
 * SECONDS. "short": THREADS threads one after the other, 8 at a time, of
 * SECONDS each. "bursts": a thread sleeps 9 ms after each millisecond of work.
 * "phase": it works a millisecond of each tick of the kernel, and sleeps when the
 * tick comes.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FUNCTIONS 10
#define AT_ONCE 8

static uint64_t cpu_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#define MS 1000000u

/* The coarse clock stands where the last tick was. */
static void sleep_over_tick(void)
{
    uint64_t tick_ns = cpu_ns(CLOCK_MONOTONIC_COARSE);
    struct timespec step, at;

    clock_getres(CLOCK_MONOTONIC_COARSE, &step);
    tick_ns += (uint64_t)step.tv_nsec + MS / 2;
    at.tv_sec = (time_t)(tick_ns / 1000000000u);
    at.tv_nsec = (long)(tick_ns % 1000000000u);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void (*rest)(void); /* after each millisecond; NULL: none */

static void sleep_9_ms(void)
{
    nanosleep(&(struct timespec){0, 9 * MS}, NULL);
}

/* One function each in a section of its own, whose bounds the linker tells.
 * They differ, or the compiler would make them one. */
#define FUNCTION(letter, step)                                                 \
    extern const char __start_share_##letter[], __stop_share_##letter[];       \
    __attribute__((noinline, section("share_" #letter))) static uint64_t       \
        work_##letter(uint64_t value, unsigned rounds)                         \
    {                                                                          \
        while (rounds--) {                                                     \
            value ^= value << 13;                                              \
            value ^= value >> 7;                                               \
            value = value * 6364136223846793005u + step;                       \
        }                                                                      \
        return value;                                                          \
    }

FUNCTION(a, 1)
FUNCTION(b, 3)
FUNCTION(c, 5)
FUNCTION(d, 7)
FUNCTION(e, 9)
FUNCTION(f, 11)
FUNCTION(g, 13)
FUNCTION(h, 15)
FUNCTION(i, 17)
FUNCTION(j, 19)

#define ENTRY(letter, percent)                                                 \
    {                                                                          \
        #letter, percent, work_##letter, __start_share_##letter,               \
            __stop_share_##letter                                              \
    }

static const struct {
    const char *name;
    unsigned percent;
    uint64_t (*work)(uint64_t, unsigned);
    const char *low, *high;
} function[FUNCTIONS] = {ENTRY(a, 25), ENTRY(b, 18), ENTRY(c, 14), ENTRY(d, 11),
                         ENTRY(e, 9),  ENTRY(f, 7),  ENTRY(g, 6),  ENTRY(h, 4),
                         ENTRY(i, 3),  ENTRY(j, 3)};

static _Atomic uint64_t truth_ns[FUNCTIONS];
static _Atomic uint64_t sink;
static unsigned rounds_per_us = 100;

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Chosen so often that the shares come out, each time for 50 to 500 us. */
static void work(uint64_t seed, uint64_t until_ns)
{
    uint64_t mine_ns[FUNCTIONS] = {0}, state = seed * 2654435769u + 1, value = 0;
    uint64_t then = cpu_ns(CLOCK_THREAD_CPUTIME_ID);

    uint64_t rested_ns = then;

    while (then < until_ns) {
        uint64_t random = next(&state);
        unsigned percent = (unsigned)(random % 100), which = 0;
        uint64_t now;

        while (percent >= function[which].percent)
            percent -= function[which++].percent;
        value += function[which].work(
            value, rounds_per_us * (50 + (unsigned)(random >> 20) % 450));
        now = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
        mine_ns[which] += now - then;
        then = now;
        if (rest && now - rested_ns >= MS) {
            rest();
            rested_ns = then = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
        }
    }
    for (unsigned i = 0; i < FUNCTIONS; i++)
        atomic_fetch_add(&truth_ns[i], mine_ns[i]);
    atomic_fetch_add(&sink, value);
}

static void measure_speed(void)
{
    uint64_t then = cpu_ns(CLOCK_THREAD_CPUTIME_ID), now;

    atomic_fetch_add(&sink, work_a(1, 200000));
    now = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    if (now > then)
        rounds_per_us = (unsigned)(200000000u / (now - then)) + 1;
}

static double thread_seconds;
static unsigned thread_count;

static void *run_thread(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;

    work(me + 1, (uint64_t)(1e9 * thread_seconds * (1 + me) * 2 /
                            (thread_count + 1)));
    return NULL;
}

static void *run_short(void *arg)
{
    work((unsigned)(uintptr_t)arg + 1, (uint64_t)(1e9 * thread_seconds));
    return NULL;
}

static void run_together(void)
{
    pthread_t thread[64];

    for (unsigned i = 0; i < thread_count; i++)
        pthread_create(&thread[i], NULL, run_thread, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < thread_count; i++)
        pthread_join(thread[i], NULL);
}

static void run_one_after_the_other(void)
{
    pthread_t thread[AT_ONCE];

    for (unsigned i = 0; i < thread_count + AT_ONCE; i++) {
        if (i >= AT_ONCE)
            pthread_join(thread[i % AT_ONCE], NULL);
        if (i < thread_count)
            pthread_create(&thread[i % AT_ONCE], NULL, run_short,
                           (void *)(uintptr_t)i);
    }
}

int main(int argc, char **argv)
{
    FILE *truth;

    if (argc < 4)
        return 2;
    thread_count = (unsigned)atoi(argv[1]);
    thread_seconds = atof(argv[2]);
    measure_speed();
    if (argc > 4 && argv[4][0] == 'b')
        rest = sleep_9_ms;
    else if (argc > 4 && argv[4][0] == 'p')
        rest = sleep_over_tick;
    if (argc > 4 && !rest)
        run_one_after_the_other();
    else if (thread_count == 1)
        work(1, (uint64_t)(1e9 * thread_seconds));
    else if (thread_count <= 64)
        run_together();
    truth = fopen(argv[3], "w");
    if (!truth)
        return 1;
    for (unsigned i = 0; i < FUNCTIONS; i++)
        fprintf(truth, "%s %#lx %#lx %llu\n", function[i].name,
                (unsigned long)(uintptr_t)function[i].low,
                (unsigned long)(uintptr_t)function[i].high,
                (unsigned long long)atomic_load(&truth_ns[i]));
    fprintf(truth, "process 0 0 %llu\n",
            (unsigned long long)cpu_ns(CLOCK_PROCESS_CPUTIME_ID));
    return fclose(truth) == 0 ? 0 : 1;
}
