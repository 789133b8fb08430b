/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ways of several systems (SYSTEM/ways.c) have in common: behind that system's
 * system.h. */
#ifndef ABI_WAYS_H
#define ABI_WAYS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "work.h"

static NOINLINE void work_here(unsigned ms)
{
    use_cpu(ms);
    __asm__ volatile("");
}

static NOINLINE void work_in_handler(void)
{
    use_cpu(20);
    __asm__ volatile("");
}

static void handler(int number, void *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    work_in_handler();
    __asm__ volatile("");
}

static NOINLINE void interrupted_here(int number)
{
    raise(signal_here(number));
    __asm__ volatile("");
}

static void handlers(void)
{
    handle_there(ABI_SIGUSR1, handler, true);
    handle_there(ABI_SIGUSR2, handler, false);
    for (int i = 0; i < 40; i++)
        interrupted_here(i % 4 < 2 ? ABI_SIGUSR1 : ABI_SIGUSR2);
}

#ifdef DEFERS
static NOINLINE void leave_region(void)
{
    exit_critical();
    __asm__ volatile("");
}

static void deferred(void)
{
    while (clock_now(CLOCK_PROCESS_CPUTIME_ID) < UINT64_C(600000000)) {
        enter_critical();
        use_cpu(2);
        leave_region();
    }
    printf("deferred %u\n", atomic_load(&deferred_signals));
}
#endif

static void fork_and_work(void)
{
    pid_t child = fork();

    work_here(300);
    if (child == 0)
        exit(0);
    waitpid(child, NULL, 0);
    printf("child %d\n", (int)child);
}

/* The way that the first argument names. */
struct way {
    const char *word; /* NULL behind the last */
    void (*go)(void);
};

static int go(const struct way *ways, int argc, char **argv)
{
    for (; argc > 1 && ways->word; ways++)
        if (strcmp(argv[1], ways->word) == 0) {
            ways->go();
            return 0;
        }
    return 2;
}

#endif
