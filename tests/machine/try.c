/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a port takes for granted about its system's signals, asked of the system itself
 * (docs/porting.md): try WHAT.
 *
 *  ticks [prof|realprof]  a timer of 10 ms beside two busy threads and one in read:
 *                         who gets ticks, what they bring, are the registers right?
 *  directed               a signal to the thread itself: what does it bring?
 *  stack                  uc_stack, without and with an alternate stack
 *  read                   the port's reads of memory that may not be there
 *  exec [prof|realprof]   a running timer, and another program in its place
 *
 * and things to do for five seconds, to be profiled meanwhile:
 *
 *  malloc                 four threads allocate and free
 *  nested                 handlers that work, with a siginfo and without
 *  dlclose FILE           a library comes and goes
 *
 * Built with the port's own files: cc -std=gnu11 -O1 -Isrc
 * -DSIGPROF_REGS='"os/regs/SYSTEM-CPU.h"' tests/machine/try.c src/os/SYSTEM-signal.c
 * -lpthread; on illumos with -D__EXTENSIONS__ -D_REENTRANT too, on Linux -D_GNU_SOURCE.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"
#include "os/regs.h"

#ifndef MAP_ANON
#define MAP_ANON MAP_ANONYMOUS
#endif
#define CODES_MAX 4
#define STATES_MAX 10

/* What a thread's ticks were. Its handler writes. */
struct seen {
    const char *name;
    int tid;
    _Atomic bool counts; /* it is where it is said to be */
    _Atomic unsigned ticks, pc_right, sp_right;
    int codes[CODES_MAX]; /* si_code's, in the order they came */
    unsigned code_count;
    unsigned long states[STATES_MAX]; /* illumos' si_mstate, summed */
};
static struct seen first = {.name = "first", .counts = true}, others[3];
static _Atomic bool done;
static int pipe_ends[2];

static struct seen *seen_of(int tid)
{
    for (int i = 0; i < 3; i++)
        if (others[i].tid == tid)
            return &others[i];
    return &first;
}

static _Alignas(64) volatile unsigned long sink;

/* Ticks count while it is in here. */
__attribute__((noinline)) static void busy(struct seen *seen)
{
    atomic_store(&seen->counts, true);
    while (!atomic_load_explicit(&done, memory_order_relaxed))
        sink = sink * 3 + 1;
    atomic_store(&seen->counts, false);
}

static void note_code(struct seen *seen, int code)
{
    for (unsigned i = 0; i < seen->code_count; i++)
        if (seen->codes[i] == code)
            return;
    if (seen->code_count < CODES_MAX)
        seen->codes[seen->code_count++] = code;
}

#define BUSY_BYTES 128 /* more than any compiler makes of it */

static void on_tick(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    struct seen *seen = seen_of(sigprof__os_tid());
    uintptr_t here = (uintptr_t)&saved_errno, sp = regs_sp(context);

    (void)number;
    if (!atomic_load(&seen->counts))
        return;
    seen->ticks++;
    seen->pc_right += regs_pc(context) - (uintptr_t)busy < BUSY_BYTES;
    seen->sp_right += sp > here && sp - here < 65536;
    note_code(seen, info->si_code);
#if defined(__sun)
    for (int i = 0; i < STATES_MAX && info->si_code == PROF_SIG; i++)
        seen->states[i] += (unsigned long)info->si_mstate[i];
#endif
    errno = saved_errno;
}

static void take_signal(int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_tick;
    action.sa_flags = SA_SIGINFO | SA_RESTART | flags;
    sigaction(SIGPROF, &action, NULL);
}

static void set_timer(int which, int us)
{
    struct itimerval when = {{0, us}, {0, us}};

    if (setitimer(which, &when, NULL) != 0)
        printf("setitimer(%d): %s\n", which, strerror(errno));
}

static void *be_busy(void *arg)
{
    struct seen *seen = arg;

    seen->tid = sigprof__os_tid();
    busy(seen);
    return arg;
}

static void *be_asleep(void *arg)
{
    struct seen *seen = arg;
    char byte;

    seen->tid = sigprof__os_tid();
    atomic_store(&seen->counts, true);
    printf("read: %s\n", read(pipe_ends[0], &byte, 1) == 1 ? "not interrupted"
                                                           : strerror(errno));
    return arg;
}

static void say(const struct seen *seen)
{
    printf("%-8s thread %d: %u ticks, pc right in %u, sp in %u, si_code", seen->name,
           seen->tid, seen->ticks, seen->pc_right, seen->sp_right);
    for (unsigned i = 0; i < seen->code_count; i++)
        printf(" %d", seen->codes[i]);
#if defined(__sun)
    printf(", states");
    for (int i = 0; i < STATES_MAX; i++)
        printf(" %lu", seen->states[i]);
#endif
    printf("\n");
}

static void try_ticks(int which)
{
    static const char *const names[] = {"busy 1", "busy 2", "asleep"};
    const struct timespec second = {1, 0};
    pthread_t threads[3];

    first.tid = sigprof__os_tid();
    if (pipe(pipe_ends) != 0)
        abort();
    take_signal(0);
    set_timer(which, 10000);
    for (int i = 0; i < 3; i++) {
        others[i].name = names[i];
        pthread_create(&threads[i], NULL, i < 2 ? be_busy : be_asleep, &others[i]);
    }
    for (int i = 0; i < 10 && (i == 0 || !others[0].ticks || !others[1].ticks); i++)
        nanosleep(&second, NULL);
    if (write(pipe_ends[1], "", 1) != 1)
        abort();
    pthread_join(threads[2], NULL);
    atomic_store(&done, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    set_timer(which, 0);
    say(&first);
    for (int i = 0; i < 3; i++)
        say(&others[i]);
}

static void try_directed(void)
{
    take_signal(0);
    pthread_kill(pthread_self(), SIGPROF);
    say(&first);
}

static void on_stack(int number, siginfo_t *info, void *context)
{
    uintptr_t low, high, here = (uintptr_t)&number;

    (void)info;
    regs_signal_stack(context, &low, &high);
    printf("uc_stack %#lx to %#lx, the handler runs at %#lx, which is %s; interrupted "
           "at %#lx\n",
           (unsigned long)low, (unsigned long)high, (unsigned long)here,
           here - low < high - low ? "in it" : "not in it",
           (unsigned long)regs_sp(context));
}

static void try_stack(void)
{
    struct sigaction action;
    stack_t stack;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_stack;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGPROF, &action, NULL);
    raise(SIGPROF);
    memset(&stack, 0, sizeof stack);
    stack.ss_size = 65536;
    stack.ss_sp = malloc(stack.ss_size);
    printf("an alternate stack, %p and %lu bytes up:\n", stack.ss_sp,
           (unsigned long)stack.ss_size);
    sigaltstack(&stack, NULL);
    raise(SIGPROF);
}

/* 100 bytes before the end of a mapping. */
static void try_read(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON,
                    -1, 0);
    char to[200];

    memset(at, 7, 2 * page);
    sigprof__os_read_memory((uintptr_t)to, to, 1);
    printf("all there: %lu of 200\n", (unsigned long)sigprof__os_read_memory(
                                          (uintptr_t)at + page - 100, to, 200));
    munmap(at + page, page);
    printf("half there: %lu of 200\n", (unsigned long)sigprof__os_read_memory(
                                           (uintptr_t)at + page - 100, to, 200));
    printf("nothing there: %lu of 200\n",
           (unsigned long)sigprof__os_read_memory((uintptr_t)at + page, to, 200));
}

static void try_exec(int which)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        set_timer(which, 10000);
        execl("/bin/sh", "sh", "-c",
              "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done", (char *)NULL);
        _exit(1);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("the new program: killed by signal %d\n", WTERMSIG(status));
    else
        printf("the new program: status %d\n", WEXITSTATUS(status));
}

/* ---- To be profiled ------------------------------------------------------------ */

#define ABOUT_S 5
static time_t until;

static void *allocate(void *arg)
{
    while (time(NULL) < until)
        for (size_t i = 0; i < 10000; i++) {
            void *volatile at = malloc(16 + i % 5000);

            free(at);
        }
    return arg;
}

static void try_malloc(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, allocate, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* Only that it is long, and not left by a jump. */
__attribute__((noinline)) static void work_in_handler(void)
{
    for (long i = 0; i < 20000000; i++)
        sink = sink * 3 + 1;
    __asm__ volatile("");
}

static void with_siginfo(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    work_in_handler();
    __asm__ volatile("");
}

static void without_siginfo(int number)
{
    (void)number;
    work_in_handler();
    __asm__ volatile("");
}

__attribute__((noinline)) static void interrupted(int number)
{
    raise(number);
    __asm__ volatile("");
}

static void try_nested(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = with_siginfo;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = without_siginfo;
    action.sa_flags = 0;
    sigaction(SIGUSR2, &action, NULL);
    while (time(NULL) < until) {
        interrupted(SIGUSR1);
        interrupted(SIGUSR2);
    }
}

static void try_dlclose(const char *file)
{
    unsigned count = 0;

    while (time(NULL) < until) {
        void *library = dlopen(file, RTLD_NOW);

        if (!library || dlclose(library) != 0) {
            printf("%s\n", dlerror());
            return;
        }
        count++;
    }
    printf("%u times\n", count);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int which = ITIMER_PROF;

    setvbuf(stdout, NULL, _IOLBF, 0);
    until = time(NULL) + ABOUT_S;
#if defined(ITIMER_REALPROF)
    if (argc > 2 && strcmp(argv[2], "realprof") == 0)
        which = ITIMER_REALPROF;
#endif
    if (strcmp(what, "ticks") == 0)
        try_ticks(which);
    else if (strcmp(what, "directed") == 0)
        try_directed();
    else if (strcmp(what, "stack") == 0)
        try_stack();
    else if (strcmp(what, "read") == 0)
        try_read();
    else if (strcmp(what, "exec") == 0)
        try_exec(which);
    else if (strcmp(what, "malloc") == 0)
        try_malloc();
    else if (strcmp(what, "nested") == 0)
        try_nested();
    else if (strcmp(what, "dlclose") == 0 && argc > 2)
        try_dlclose(argv[2]);
    else
        return 2;
    return 0;
}
