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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t sink;
static _Atomic unsigned interrupted_calls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define NOINLINE __attribute__((noinline))

/* Until the thread has used so much CPU time; a jump at the end would hide who
 * called. */
static NOINLINE void use_cpu(unsigned ms)
{
    uint64_t until = clock_now(CLOCK_THREAD_CPUTIME_ID) + ms * UINT64_C(1000000);

    while (clock_now(CLOCK_THREAD_CPUTIME_ID) < until)
        for (unsigned i = 0; i < 10000; i++)
            sink = sink * 6364136223846793005u + i;
}

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

static NOINLINE void work_here(unsigned ms)
{
    use_cpu(ms);
    __asm__ volatile("");
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

static void fork_and_work(void)
{
    pid_t child = fork();

    work_here(300);
    if (child == 0)
        exit(0);
    waitpid(child, NULL, 0);
    printf("child %d\n", (int)child);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        void (*go)(void);
    } ways[] = {{"states", states},
                {"handlers", handlers},
                {"deferred", deferred},
                {"fork", fork_and_work}};

    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(argv[1], ways[i].word) == 0) {
            ways[i].go();
            return 0;
        }
    return 2;
}
