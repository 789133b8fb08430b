/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What frames of interpreters cost: keeping a shadow stack, against a call of an
 * empty function; then, as the handler does it, listing a guest's frames and putting
 * them among 30 native ones, for a shadow stack and, where they were found, for the
 * walks of examples/lua.c and examples/python.c. Medians over rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guest-cost.h"
#include "sigprof/jit.h"

#define ROUNDS 101
#define PUSHES 100000

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

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

static void empty(struct sigprof_shadow *shadow)
{
    (void)shadow;
}

static void (*volatile callee)(struct sigprof_shadow *) = empty;

/* The loop alone, a call in it, a push and a pop in it. */
static void with_nothing(struct sigprof_shadow *shadow)
{
    for (unsigned i = 0; i < PUSHES; i++)
        __asm__ volatile("" : : "r"(shadow), "r"(i) : "memory");
}

static void with_call(struct sigprof_shadow *shadow)
{
    void (*call)(struct sigprof_shadow *) = callee;

    for (unsigned i = 0; i < PUSHES; i++)
        call(shadow);
}

static void with_push(struct sigprof_shadow *shadow)
{
    char here = 0;

    for (unsigned i = 0; i < PUSHES; i++) {
        sigprof_shadow_push(shadow, i, 1, &here);
        __asm__ volatile("" : : "r"(shadow) : "memory");
        sigprof_shadow_pop(shadow);
    }
}

static double time_of(void (*loop)(struct sigprof_shadow *),
                      struct sigprof_shadow *shadow)
{
    double round_ns[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        double from = now_ns();

        loop(shadow);
        round_ns[i] = (now_ns() - from) / PUSHES;
    }
    return median(round_ns, ROUNDS);
}

int main(void)
{
    static struct sigprof_shadow_frame frames[64];
    struct sigprof_shadow shadow;
    double nothing, call, push;
    char here = 0;

    sigprof_shadow_init(&shadow, frames, 64);
    nothing = time_of(with_nothing, &shadow);
    call = time_of(with_call, &shadow) - nothing;
    push = time_of(with_push, &shadow) - nothing;
    printf("a call of an empty function        %7.2f ns\n", call);
    printf("push and pop, inlined              %7.2f ns   (%.2f calls)\n", push,
           push / call);
    for (unsigned i = 0; i < 10; i++)
        sigprof_shadow_push(&shadow, 1 + i, 1, &here);
    guest_cost("a shadow stack of 10", &shadow.guest);
    return 0;
}
