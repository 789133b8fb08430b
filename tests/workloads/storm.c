/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that a program can do to a profiler, over and over, while ticks
 * come as fast as the kernel delivers signals. usage: storm WHAT SECONDS
 *
 * It runs under the preload object; the ticks of the storm are made to look like
 * its own (support/ticks.h). Prints "done WHAT" when it has come through.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "sigprof/sigprof.h"
#include "support/ticks.h"
#include "storm-switch.h"

extern char **environ;

#ifdef STORM_THROWS
void storm_throw(unsigned depth);
#endif

static const char *self;
static double until;

#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "storm.c:%d: not true: %s (errno %d)\n", __LINE__, \
                    #condition, errno);                                        \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static bool on(void)
{
    return now() < until;
}

static void burn(unsigned rounds)
{
    for (volatile unsigned i = 0; i < rounds; i = i + 1)
        ;
}

static void reap(pid_t pid, int want)
{
    int status;
    pid_t got;

    MUST(pid > 0);
    while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    MUST(got == pid);
    if (WIFSIGNALED(status))
        fprintf(stderr, "a child died of signal %d\n", WTERMSIG(status));
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == want);
}

/* ---- Processes ---------------------------------------------------------- */

static void forks(void)
{
    while (on()) {
        pid_t pid = fork();

        if (pid == 0) {
            burn(100000);
            _exit(7);
        }
        reap(pid, 7);
    }
}

static void executes(void)
{
    char *argv[] = {(char *)(size_t)self, (char *)(size_t) "nothing", NULL};

    for (volatile unsigned i = 0; on(); i = i + 1) {
        pid_t pid;

        if (i % 3 == 0) {
            MUST(posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0);
        } else if (i % 3 == 1) {
            pid = vfork();
            if (pid == 0) {
                execv(self, argv);
                _exit(127);
            }
        } else {
            pid = fork();
            if (pid == 0) {
                execvp("/no/such/program", argv); /* goes on after a failure */
                execlp(self, self, "nothing", (char *)NULL);
                _exit(127);
            }
        }
        reap(pid, 9);
    }
}

/* ---- Threads ------------------------------------------------------------- */

static void *short_thread(void *arg)
{
    unsigned how = (unsigned)(size_t)arg;

    burn(2000 + 50 * (how % 100));
    if (how % 4 == 1)
        pthread_exit(NULL);
    if (how % 4 == 2)
        for (;;)
            pthread_testcancel();
    return NULL;
}

static void threads(void)
{
    for (unsigned i = 0; on(); i++) {
        pthread_t many[8];
        pthread_attr_t attributes;

        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, i % 2 ? 32768 : 1 << 20);
        for (unsigned j = 0; j < 8; j++) {
            pthread_attr_setdetachstate(&attributes,
                                        j % 4 == 3 ? PTHREAD_CREATE_DETACHED
                                                   : PTHREAD_CREATE_JOINABLE);
            while (pthread_create(&many[j], &attributes, short_thread,
                                  (void *)(size_t)(4 * i + j % 4)) != 0)
                sched_yield();
        }
        for (unsigned j = 0; j < 8; j++) {
            if (j % 4 == 2)
                pthread_cancel(many[j]);
            if (j % 4 != 3)
                pthread_join(many[j], NULL);
        }
    }
}

/* ---- Modules -------------------------------------------------------------- */

static void *load_and_unload(void *arg)
{
    static const char *const names[] = {"libm.so.6", "libresolv.so.2",
                                        "libthread_db.so.1", "libanl.so.1",
                                        "libutil.so.1", "librt.so.1"};

    (void)arg;
    for (unsigned i = 0; on(); i++) {
        void *handle = dlopen(names[i % 6], RTLD_NOW | RTLD_LOCAL);
        double (*sine)(double);

        if (!handle)
            continue;
        *(void **)&sine = dlsym(handle, "sin");
        for (unsigned j = 0; sine && j < 200; j++) {
            volatile double result = sine((double)j);
            (void)result;
        }
        dlclose(handle);
    }
    return NULL;
}

static void modules(void)
{
    pthread_t other;

    MUST(pthread_create(&other, NULL, load_and_unload, NULL) == 0);
    load_and_unload(NULL);
    pthread_join(other, NULL);
}

/* ---- Jumps ------------------------------------------------------------------ */

static sigjmp_buf home;

__attribute__((noinline)) static void dive(unsigned depth)
{
    if (depth == 0)
        siglongjmp(home, 1);
    dive(depth - 1);
    burn(1); /* so that the call before is not the last thing it does */
}

static void jumps(void)
{
    for (volatile unsigned i = 0; on(); i = i + 1)
        if (sigsetjmp(home, (int)(i & 1)) == 0)
            dive(i % 200);
}

static void throws(void)
{
#ifdef STORM_THROWS
    for (unsigned i = 0; on(); i++)
        storm_throw(i % 50);
#endif
}

/* ---- Signals ------------------------------------------------------------------ */

static _Atomic unsigned long own_ticks;

static void own_handler(int number)
{
    (void)number;
    own_ticks++;
}

static void own_action(int number, siginfo_t *info, void *context)
{
    MUST(number == SIGPROF && info->si_signo == SIGPROF && context != NULL);
    own_ticks++;
}

/* The program sets, reads and removes its own handler and timer. */
static void sets_sigprof(void)
{
    for (unsigned i = 0; on(); i++) {
        struct sigaction mine = {.sa_flags = SA_RESTART}, seen;
        struct itimerval every = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
        unsigned long before = own_ticks;

        switch (i % 4) {
        case 0:
            mine.sa_handler = own_handler;
            break;
        case 1:
            mine.sa_sigaction = own_action;
            mine.sa_flags |= SA_SIGINFO;
            break;
        case 2:
            mine.sa_handler = SIG_IGN;
            break;
        default:
            MUST(signal(SIGPROF, own_handler) != SIG_ERR);
            mine.sa_handler = own_handler;
            mine.sa_flags = SA_NODEFER;
        }
        MUST(sigaction(SIGPROF, &mine, NULL) == 0);
        MUST(setitimer(ITIMER_PROF, &every, NULL) == 0);
        do /* a tick of its own has come, or could not */
            burn(20000);
        while (i % 8 < 2 && own_ticks == before && on());
        MUST(sigaction(SIGPROF, NULL, &seen) == 0);
        MUST(seen.sa_handler == mine.sa_handler);
        MUST(setitimer(ITIMER_PROF, &off, NULL) == 0);
        burn(20000);
    }
    MUST(own_ticks > 0);
    /* What still comes must find somebody. */
    MUST(signal(SIGPROF, SIG_IGN) != SIG_ERR);
}

static void nested_handler(int number)
{
    burn(3000);
    if (number == SIGUSR1)
        raise(SIGUSR2);
    burn(3000);
}

static void *nest(void *arg)
{
    size_t bytes = 32768;
    stack_t stack = {.ss_sp = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                     .ss_size = bytes};

    (void)arg;
    MUST(stack.ss_sp != MAP_FAILED && sigaltstack(&stack, NULL) == 0);
    while (on())
        raise(SIGUSR1);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
    munmap(stack.ss_sp, bytes);
    return NULL;
}

static void nests(void)
{
    struct sigaction action = {.sa_handler = nested_handler,
                               .sa_flags = SA_ONSTACK | SA_RESTART};
    pthread_t other[3];

    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    for (unsigned i = 0; i < 3; i++)
        MUST(pthread_create(&other[i], NULL, nest, NULL) == 0);
    nest(NULL);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(other[i], NULL);
}

/* ---- Stacks --------------------------------------------------------------- */

#define ROUTINES 4
#define ROUTINE_BYTES 65536

__attribute__((noinline)) static void nest_and(unsigned depth,
                                               void (*yield)(void))
{
    if (depth == 0)
        yield();
    else
        nest_and(depth - 1, yield);
    burn(200);
}

/* Half of the stacks are declared to the profiler, and taken back at the end. */
static void *make_stack(unsigned number)
{
    int (*declare)(void *, size_t);
    char *low = mmap(NULL, ROUTINE_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(low != MAP_FAILED);
    *(void **)&declare = dlsym(RTLD_DEFAULT, "sigprof_stack_declare");
    if (number % 2)
        MUST(declare && declare(low, ROUTINE_BYTES) == 0);
    return low;
}

static void free_stack(void *low, unsigned number)
{
    int (*forget)(void *);

    *(void **)&forget = dlsym(RTLD_DEFAULT, "sigprof_stack_forget");
    if (number % 2)
        MUST(forget && forget(low) == 0);
    munmap(low, ROUTINE_BYTES);
}

static unsigned current;

#ifdef __GLIBC__ /* musl has no makecontext */
static ucontext_t base, routine[ROUTINES];

static void yield_context(void)
{
    MUST(swapcontext(&routine[current], &base) == 0);
}

static void run_context(void)
{
    for (;;)
        nest_and(current * 5, yield_context);
}

static void make_context(ucontext_t *context, void *low)
{
    MUST(getcontext(context) == 0);
    context->uc_stack.ss_sp = low;
    context->uc_stack.ss_size = ROUTINE_BYTES;
    context->uc_link = NULL;
    makecontext(context, run_context, 0);
}

static void contexts(void)
{
    void *low[ROUTINES];

    while (on()) {
        for (unsigned i = 0; i < ROUTINES; i++) {
            low[i] = make_stack(i);
            make_context(&routine[i], low[i]);
        }
        for (unsigned turn = 0; turn < 2000; turn++) {
            current = turn % ROUTINES;
            MUST(swapcontext(&base, &routine[current]) == 0);
        }
        for (unsigned i = 0; i < ROUTINES; i++)
            free_stack(low[i], i);
    }
}
#endif

#ifdef STORM_SWITCH
static void *base_sp, *routine_sp[ROUTINES];

static void yield_switch(void)
{
    storm_switch(&routine_sp[current], base_sp);
}

static void run_switch(void)
{
    for (;;)
        nest_and(current * 5, yield_switch);
}

static void switches(void)
{
    char *low[ROUTINES];

    while (on()) {
        for (unsigned i = 0; i < ROUTINES; i++) {
            low[i] = make_stack(i);
            routine_sp[i] = storm_switch_make(
                (uintptr_t)low[i] + ROUTINE_BYTES, run_switch);
        }
        for (unsigned turn = 0; turn < 2000; turn++) {
            current = turn % ROUTINES;
            storm_switch(&base_sp, routine_sp[current]);
        }
        for (unsigned i = 0; i < ROUTINES; i++)
            free_stack(low[i], i);
    }
}
#endif

static sigjmp_buf dry_land;

static void overflowed(int number)
{
    (void)number;
    siglongjmp(dry_land, 1);
}

/* Frames of 256 bytes: a stack of 512 KiB has no more of them than a walk takes. */
__attribute__((noinline)) static unsigned sink_in(unsigned depth)
{
    static volatile unsigned bottom = 0xffffffff;
    volatile char local[200];
    unsigned result;

    if (depth == bottom)
        return 0;

    local[depth % sizeof local] = 1;
    burn(4);
    result = sink_in(depth + 1);
    return result + (unsigned)local[0];
}

static void *recurse(void *arg)
{
    static char alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    static volatile unsigned falls;

    (void)arg;
    MUST(sigaltstack(&stack, NULL) == 0);
    while (on()) {
        if (sigsetjmp(dry_land, 1) == 0)
            sink_in(0);
        falls = falls + 1;
    }
    MUST(falls > 0);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
    return NULL;
}

/* Into the guard page, again and again. */
static void recursions(void)
{
    struct sigaction action = {.sa_handler = overflowed,
                               .sa_flags = SA_ONSTACK | SA_NODEFER};
    pthread_attr_t attributes;
    pthread_t thread;

    sigaction(SIGSEGV, &action, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 512 << 10);
    MUST(pthread_create(&thread, &attributes, recurse, NULL) == 0);
    pthread_join(thread, NULL);
    MUST(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
}

#ifdef STORM_SWITCH
/* The frame pointer holds anything while code runs that needs no frame. */
__attribute__((noinline)) static void trash(unsigned depth, uintptr_t value)
{
    __asm__ volatile("mov %0, %%rbp" : : "r"(value) : "rbp");
    burn(300);
    if (depth > 0)
        trash(depth - 1, value * 31 + 8);
    burn(10);
}

static void trashes(void)
{
    static const uintptr_t values[] = {0, 1, 8, 0xdeadbeef, ~(uintptr_t)7,
                                       ~(uintptr_t)0};

    for (unsigned i = 0; on(); i++) {
        uintptr_t near = (uintptr_t)&i; /* on the stack: it looks right */

        trash(i % 20, i % 7 == 6 ? near + 8 * (i % 64) : values[i % 7]);
    }
}
#endif

/* ---- Descriptors, ends, calls --------------------------------------------- */

static void closes_all(void)
{
    int keep = fcntl(1, F_DUPFD, 500), keep_err = fcntl(2, F_DUPFD, 501);

    while (on()) {
        syscall(SYS_close_range, 0u, 499u, 0u);
        for (unsigned i = 0; i < 5; i++) /* numbers are used again at once */
            open("/dev/null", O_RDWR);
        burn(100000);
    }
    dup2(keep, 1);
    dup2(keep_err, 2);
}

static void *run_for_ever(void *arg)
{
    (void)arg;
    for (;;)
        burn(100000);
    return NULL;
}

static void ends_with_threads(void)
{
    char *argv[] = {(char *)(size_t)self, (char *)(size_t) "many", NULL};
    pid_t pid;

    while (on()) {
        MUST(posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0);
        reap(pid, 11);
    }
}

/* One of those: leaves while four threads run. */
static int end_with_threads(void)
{
    pthread_t thread;
    struct ticks_storm storm;

    ticks_storm_begin(&storm, true);
    for (unsigned i = 0; i < 4; i++)
        MUST(pthread_create(&thread, NULL, run_for_ever, NULL) == 0);
    burn(3000000);
    exit(11);
}

static int call(const char *name)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 10000,
                                      .out = getenv("SIGPROF_OUT")};
    int (*function)(const void *);

    *(void **)&function = dlsym(RTLD_DEFAULT, name);
    MUST(function != NULL);
    return function(&options);
}

static void *burn_on(void *arg)
{
    (void)arg;
    while (on())
        burn(10000);
    return NULL;
}

#define STARTS_MIN 100

/* None of these may fail; the last start's file is the one that is complete. */
static void calls(void)
{
    pthread_t other;
    unsigned rounds = 0, starts = 0;

    MUST(pthread_create(&other, NULL, burn_on, NULL) == 0);
    for (; on() || starts < STARTS_MIN; rounds++) {
        MUST(call("sigprof_pause") == 0);
        MUST(call("sigprof_resume") == 0);
        if (rounds % 4 == 0)
            MUST(call("sigprof_flush") == 0);
        if (rounds % 4 == 3) {
            int code;

            MUST(call("sigprof_stop") == 0);
            burn(1000);
            code = call("sigprof_start");
            if (code != 0) {
                fprintf(stderr, "sigprof_start: %d\n", code);
                MUST(code == 0);
            }
            starts++;
        }
    }
    pthread_join(other, NULL);
    printf("%u pauses, %u stops; ", rounds, starts);
}

static const struct {
    const char *name;
    void (*run)(void);
    bool foreign; /* ticks of others too */
} storms[] = {{"forks", forks, true},
              {"executes", executes, true},
              {"threads", threads, true},
              {"modules", modules, true},
              {"jumps", jumps, true},
              {"throws", throws, true},
              {"sets-sigprof", sets_sigprof, false},
              {"nests", nests, true},
#ifdef __GLIBC__
              {"contexts", contexts, true},
#endif
#ifdef STORM_SWITCH
              {"switches", switches, true},
              {"trashes", trashes, true},
#endif
              {"recursions", recursions, true},
              {"closes-all", closes_all, true},
              {"ends", ends_with_threads, true},
              {"calls", calls, true}};

int main(int argc, char **argv)
{
    struct ticks_storm storm;

    self = argv[0];
    if (argc == 2 && strcmp(argv[1], "nothing") == 0) {
        burn(100000);
        return 9;
    }
    if (argc == 2 && strcmp(argv[1], "many") == 0)
        return end_with_threads();
    if (argc != 3)
        return 2;
    until = now() + atof(argv[2]);
    for (unsigned i = 0; i < sizeof storms / sizeof *storms; i++) {
        if (strcmp(storms[i].name, argv[1]) != 0)
            continue;
        ticks_storm_begin(&storm, storms[i].foreign);
        storms[i].run();
        ticks_storm_end(&storm);
        printf("done %s: %lu ticks\n", argv[1], storm.sent);
        return 0;
    }
    return 2;
}
