/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that looks at itself: it says of everything that a profiler might
 * change how often it found it changed. Its output must be the same with and
 * without one. usage: host SECONDS-OF-CPU
 */
#include <dirent.h>
#include <errno.h>
#include <fenv.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double limit;
static _Atomic int busy_done;

static double cpu(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint64_t hash(uint64_t value, const void *bytes, size_t size)
{
    for (const unsigned char *at = bytes; size--; at++)
        value = (value ^ *at) * 1099511628211u;
    return value;
}

static uint64_t hash_environment(void)
{
    uint64_t value = hash(14695981039346656037u, &environ, sizeof environ);

    for (char **at = environ; *at; at++)
        value = hash(hash(value, at, sizeof *at), *at, strlen(*at));
    return value;
}

/* The numbers of the open descriptors, but for the one that looks. */
static uint64_t descriptors(char *text, size_t room)
{
    DIR *directory = opendir("/proc/self/fd");
    uint64_t set = 0;
    struct dirent *entry;

    if (!directory)
        return 0;
    while ((entry = readdir(directory))) {
        int number = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && number != dirfd(directory))
            set |= (uint64_t)1 << (number & 63);
    }
    closedir(directory);
    text[0] = '\0';
    for (int i = 0; i < 64; i++)
        if (set >> i & 1)
            snprintf(text + strlen(text), room - strlen(text), " %d", i);
    return set;
}

/* A double in the floating point unit. */
#if defined(__x86_64__)
#define REGISTER(value) "+x"(value)
#elif defined(__aarch64__) || defined(__arm__)
#define REGISTER(value) "+w"(value)
#elif defined(__i386__)
#define REGISTER(value) "+m"(value) /* three would not fit its stack */
#elif defined(__powerpc64__)
#define REGISTER(value) "+d"(value)
#else
#define REGISTER(value) "+f"(value)
#endif

/* Sums whose result depends on rounding, in registers all the way. */
__attribute__((noinline)) static double sum(unsigned rounds)
{
    double a = 1, b = 1e-17, c = 3;

    for (unsigned i = 0; i < rounds; i++) {
        __asm__ volatile("" : REGISTER(a), REGISTER(b), REGISTER(c));
        a = a + b;
        c = c / 1.0000001 + b;
        b = b * 1.0000001;
    }
    return a + c;
}

struct changes {
    unsigned long error, mask, rounding, sums;
};

static void watch(struct changes *changes)
{
    volatile int *error = &errno; /* read each time: who would change it? */
    sigset_t before, now;
    double want;

    fesetround(FE_UPWARD);
    want = sum(20000);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    while (cpu(CLOCK_THREAD_CPUTIME_ID) < limit) {
        *error = 4711;
        for (volatile unsigned i = 0; i < 20000; i = i + 1)
            changes->error += *error != 4711;
        changes->sums += sum(20000) != want;
        changes->rounding += fegetround() != FE_UPWARD;
        pthread_sigmask(SIG_SETMASK, NULL, &now);
        for (int i = 1; i < NSIG; i++)
            changes->mask += sigismember(&before, i) != sigismember(&now, i);
    }
}

static void *run_watch(void *arg)
{
    watch(arg);
    atomic_fetch_add(&busy_done, 1);
    return NULL;
}

/* Waits in calls that a signal would end with EINTR. */
static unsigned long wait_in_calls(int end)
{
    struct timespec nap = {0, 1000000};
    struct pollfd poller = {.fd = end, .events = POLLIN};
    unsigned long interrupted = 0;

    while (!atomic_load(&busy_done)) {
        interrupted += poll(&poller, 1, 1) < 0;
        interrupted += nanosleep(&nap, NULL) != 0;
        interrupted += usleep(500) != 0;
    }
    return interrupted;
}

int main(int argc, char **argv)
{
    struct changes of_main = {0, 0, 0, 0}, of_thread = {0, 0, 0, 0};
    char before_text[512], text[512];
    uint64_t environment = hash_environment();
    uint64_t open_before = descriptors(before_text, sizeof before_text);
    unsigned long interrupted, other_descriptors = 0;
    pthread_t thread;
    int ends[2];

    limit = argc > 1 ? atof(argv[1]) : 1;
    if (pipe(ends) != 0 ||
        pthread_create(&thread, NULL, run_watch, &of_thread) != 0)
        return 2;
    interrupted = wait_in_calls(ends[0]);
    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
    limit += cpu(CLOCK_THREAD_CPUTIME_ID);
    watch(&of_main);
    for (unsigned i = 0; i < 100; i++)
        other_descriptors += descriptors(text, sizeof text) != open_before;
    printf("errno changed %lu times\n", of_main.error + of_thread.error);
    printf("mask changed %lu times\n", of_main.mask + of_thread.mask);
    printf("rounding changed %lu times\n",
           of_main.rounding + of_thread.rounding);
    printf("sums changed %lu times\n", of_main.sums + of_thread.sums);
    printf("calls interrupted %lu times\n", interrupted);
    printf("environment changed: %s\n",
           hash_environment() == environment ? "no" : "yes");
    printf("descriptors:%s, others seen %lu times\n", before_text,
           other_descriptors);
    return 0;
}
