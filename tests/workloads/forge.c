/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that knows how many samples were taken of it: it raises the ticks
 * itself, one at a time, and each is handled before the call that sent it
 * returns. usage: forge THREADS TICKS COUNTS END [ARGUMENT…]
 *
 * Each thread makes TICKS of them (0: for ever). COUNTS is a file with a 64-bit
 * count for each thread, kept up to date in shared memory, so that it outlives
 * the process. Then the program ends as END says. Run it with SIGPROF_HZ=1: its
 * timers tick next to never. With FORGE_SLOWLY in the environment it makes some
 * 20,000 ticks a second in each thread, and leaves the CPU to others between.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/ticks.h"

#define SLOW_TICKS 25 /* in a millisecond */

static _Atomic uint64_t *counts; /* then as many: this thread is ready */
static unsigned long ticks;
static bool slow; /* the drain can follow, on a loaded machine too */
static volatile unsigned sink;

/* Stacks of all depths, so that they take room in the file. */
__attribute__((noinline)) static void dive(const struct ticks_thread *self,
                                           unsigned depth)
{
    if (depth == 0)
        ticks_raise(self);
    else
        dive(self, depth - 1);
    sink = sink + 1;
}

static void *forge(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    struct ticks_thread self;

    if (!ticks_self(&self))
        return NULL;
    for (unsigned long i = 0; !ticks || i < ticks; i++) {
        dive(&self, (unsigned)(i * 7 % 23));
        atomic_fetch_add(&counts[me], 1);
        if (slow && i % SLOW_TICKS == 0)
            nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return NULL;
}

static void *end_later(void *arg)
{
    (void)arg;
    usleep(20000); /* main has left by then, most likely; it need not have */
    forge((void *)(uintptr_t)1);
    return NULL;
}

static void run_again(char **argv)
{
    char *again[] = {argv[0], argv[1], argv[2], argv[3],
                     (char *)(size_t) "return", NULL};

    execv(argv[0], again);
    _exit(99);
}

static bool pause_sampling(void)
{
    int (*pause_it)(void);

    *(void **)&pause_it = dlsym(RTLD_DEFAULT, "sigprof_pause");
    return pause_it && pause_it() == 0;
}

static int end(const char *how, char **argv)
{
    pthread_t thread;
    pid_t pid;
    int status = 0;

    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "segv") == 0)
        raise(SIGSEGV);
    if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(how, "term") == 0)
        raise(SIGTERM);
    if (strcmp(how, "_exit") == 0)
        _exit(5);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(5);
    if (strcmp(how, "exit") == 0)
        exit(5);
    if (strcmp(how, "exec") == 0)
        run_again(argv);
    if (strcmp(how, "exec-other") == 0)
        execl(argv[0], argv[0], "nothing", (char *)NULL);
    if (strcmp(how, "exec-fails-paused") == 0 && !pause_sampling())
        return 4;
    if (strncmp(how, "exec-fails", strlen("exec-fails")) == 0) {
        execl("/no/such/program", "program", (char *)NULL);
        chmod(argv[3], 0700); /* it looks as if this one could */
        execl(argv[3], "counts", (char *)NULL);
        forge((void *)(uintptr_t)0);
        return 5;
    }
    if (strcmp(how, "pthread_exit") == 0) {
        pthread_create(&thread, NULL, end_later, NULL);
        pthread_exit(NULL);
    }
    if (strcmp(how, "fork") == 0 || strcmp(how, "fork-kill") == 0) {
        pid = fork();
        if (pid == 0) {
            forge((void *)(uintptr_t)1);
            if (strcmp(how, "fork-kill") == 0)
                raise(SIGKILL);
            exit(6);
        }
        waitpid(pid, &status, 0);
        return 5;
    }
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t thread[64];
    unsigned threads;
    int file;

    if (argc == 2) /* a program that does nothing */
        return 0;
    if (argc < 5)
        return 2;
    threads = (unsigned)atoi(argv[1]);
    ticks = (unsigned long)atol(argv[2]);
    slow = !ticks || getenv("FORGE_SLOWLY");
    file = open(argv[3], O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, 4096) != 0)
        return 3;
    counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if ((void *)counts == MAP_FAILED)
        return 3;
    for (unsigned i = 1; i < threads; i++)
        pthread_create(&thread[i], NULL, forge, (void *)(uintptr_t)i);
    forge((void *)(uintptr_t)0);
    for (unsigned i = 1; i < threads; i++)
        pthread_join(thread[i], NULL);
    return end(argv[4], argv);
}
