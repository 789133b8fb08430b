/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ticks at any rate, without a hook in the product. CPU timers tick 250 times a
 * second at most; but a process may send itself a signal with any siginfo, and
 * what ours carry can be read from /proc/self/timers. A tick made so is one of
 * ours to the handler: the same path, as often as a test likes.
 */
#ifndef SIGPROF_TEST_TICKS_H
#define SIGPROF_TEST_TICKS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct ticks_thread {
    int tid;
    uintptr_t value; /* of its timer's sigevent */
};

/* qemu-user shows the file of the kernel that it runs on, which has other signal
 * numbers. */
#ifdef __mips__
#define TICKS_SIGNAL(number) ((number) == SIGPROF || (number) == 27)
#else
#define TICKS_SIGNAL(number) ((number) == SIGPROF)
#endif

/* Lists the threads that have a SIGPROF timer. */
static inline unsigned ticks_threads(struct ticks_thread *threads, unsigned room)
{
    FILE *file = fopen("/proc/self/timers", "re");
    unsigned count = 0, number;
    unsigned long long value = 0;
    char line[128];
    int tid;

    if (!file)
        return 0;
    while (count < room && fgets(line, sizeof line, file)) {
        if (sscanf(line, "signal: %u/%llx", &number, &value) == 2 &&
            !TICKS_SIGNAL(number))
            value = 0;
        if (sscanf(line, "notify: signal/tid.%d", &tid) == 1 && value)
            threads[count++] = (struct ticks_thread){tid, (uintptr_t)value};
    }
    fclose(file);
    return count;
}

/* The calling thread's timer. qemu-user has a thread of its own, with one too. */
static inline bool ticks_self(struct ticks_thread *self)
{
    struct ticks_thread threads[64];
    unsigned count = ticks_threads(threads, 64);
    int tid = (int)syscall(SYS_gettid);

    for (unsigned i = 0; i < count; i++)
        if (threads[i].tid == tid) {
            *self = threads[i];
            return true;
        }
    return false;
}

/* A program under qemu-user, and nobody else, has timers with such ids; the file has
 * those of the kernel that it runs on. */
#define TICKS_EMULATED_ID 0x0caf0000
#define TICKS_EMULATED_IDS 32

/* Stops the SIGPROF timers of the process, until the library sets them again: at
 * one hertz too, the first tick can come at any moment. */
static inline void ticks_silence(void)
{
    FILE *file = fopen("/proc/self/timers", "re");
    const long long never[8] = {0}; /* enough for every struct itimerspec */
    char line[128];
    unsigned number;
    int id = -1;

    if (!file)
        return;
    for (int i = 0; i < TICKS_EMULATED_IDS; i++)
        syscall(SYS_timer_settime, TICKS_EMULATED_ID | i, 0, never, NULL);
    while (fgets(line, sizeof line, file)) {
        sscanf(line, "ID: %d", &id);
        if (sscanf(line, "signal: %u/", &number) == 1 && number == SIGPROF)
            syscall(SYS_timer_settime, id, 0, never, NULL);
    }
    fclose(file);
}

static inline void ticks_raise(const struct ticks_thread *thread)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_signo = SIGPROF;
    info.si_code = SI_TIMER;
    info.si_value.sival_ptr = (void *)thread->value;
    syscall(SYS_rt_tgsigqueueinfo, getpid(), thread->tid, SIGPROF, &info);
}

/* A SIGPROF as a shell's kill or another thread would send it: not ours. */
static inline void ticks_raise_foreign(int tid)
{
    syscall(SYS_tgkill, getpid(), tid, SIGPROF);
}

/*
 * A storm: a thread that sends ticks of ours to every thread that has a timer,
 * and now and then a foreign one to the process, until stop is set. It blocks
 * SIGPROF itself. The list is read again all the time: threads come and go, so
 * that late ticks of slots that are free again are among them.
 */
struct ticks_storm {
    pthread_t thread;
    _Atomic int stop;
    _Atomic unsigned long sent;
    bool foreign;
};

static inline void *ticks_run_storm(void *arg)
{
    struct ticks_storm *storm = arg;
    struct timespec nap = {0, 100000};
    int me = (int)syscall(SYS_gettid);
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    while (!storm->stop) {
        struct ticks_thread threads[64];
        unsigned count = ticks_threads(threads, 64);

        for (unsigned i = 0; i < count; i++)
            if (threads[i].tid == me)
                threads[i--] = threads[--count];
        for (unsigned round = 0; round < 16 && !storm->stop; round++) {
            if (storm->foreign && count && round % 4 == 0)
                ticks_raise_foreign(threads[0].tid);
            for (unsigned i = 0; i < count; i++)
                ticks_raise(&threads[i]);
            storm->sent += count;
            nanosleep(&nap, NULL);
        }
    }
    return NULL;
}

static inline void ticks_storm_begin(struct ticks_storm *storm, bool foreign)
{
    storm->stop = 0;
    storm->sent = 0;
    storm->foreign = foreign;
    if (pthread_create(&storm->thread, NULL, ticks_run_storm, storm) != 0)
        storm->stop = 1;
}

static inline void ticks_storm_end(struct ticks_storm *storm)
{
    storm->stop = 1;
    pthread_join(storm->thread, NULL);
}

#endif
