/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing is allocated, and no lock of the C library's is taken, inside the
 * handler: every entry of the allocator, of the loader, of stdio and of the
 * mutexes is this program's own here, and ends it when a handler is on the stack.
 *
 * That one is, is told by a wrapper around the handler, put there through the
 * table of system functions that the preload object fills in.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "sigprof/sigprof.h"
#include "sigprof_impl.h"
#include "support/run.h"
#include "support/ticks.h"
#include "sys.h"
#include "test.h"

static __thread volatile int inside;
static _Atomic unsigned long entries;
static _Atomic bool provoke; /* shows that the trap works */

static void forbid(const char *what)
{
    static const char text[] = " called inside the handler\n";

    if (!inside)
        return;
    if (write(2, what, strlen(what)) < 0 || write(2, text, sizeof text - 1) < 0)
        _exit(3);
    _exit(42);
}

/* ---- What must not be called ---------------------------------------------- */

#ifdef __GLIBC__ /* whose dlsym allocates */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
#else
#define NEXT(result, name, parameters, ...)                                    \
    static result __libc_##name parameters                                     \
    {                                                                          \
        extern void *__real_dlsym(void *, const char *);                       \
        static result(*next) parameters;                                       \
                                                                               \
        if (!next)                                                             \
            *(void **)&next = __real_dlsym(RTLD_NEXT, #name);                  \
        return next(__VA_ARGS__);                                              \
    }

NEXT(void *, malloc, (size_t bytes), bytes)
NEXT(void *, calloc, (size_t count, size_t bytes), count, bytes)
NEXT(void *, realloc, (void *at, size_t bytes), at, bytes)
NEXT(void, free, (void *at), at)
#endif

void *malloc(size_t bytes)
{
    forbid("malloc");
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    forbid("calloc");
    return __libc_calloc(count, bytes);
}

void *realloc(void *at, size_t bytes)
{
    forbid("realloc");
    return __libc_realloc(at, bytes);
}

void free(void *at)
{
    forbid("free");
    __libc_free(at);
}

/* --wrap: calls of the library's and of this program's come here. */
#define WRAP(result, name, parameters, ...)                                    \
    extern result __real_##name parameters;                                    \
    extern result __wrap_##name parameters;                                    \
    result __wrap_##name parameters                                            \
    {                                                                          \
        forbid(#name);                                                         \
        return __real_##name(__VA_ARGS__);                                     \
    }

WRAP(int, pthread_mutex_lock, (pthread_mutex_t * mutex), mutex)
WRAP(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *get), how,
     set, get)
WRAP(void *, dlsym, (void *handle, const char *name), handle, name)
WRAP(int, dl_iterate_phdr, (void *call, void *arg), call, arg)
WRAP(void *, mmap,
     (void *at, size_t bytes, int protection, int flags, int file, long offset),
     at, bytes, protection, flags, file, offset)

/* ---- The wrapper ----------------------------------------------------------- */

static void wrapped_handler(int number, siginfo_t *info, void *ucontext)
{
    inside = 1;
    atomic_fetch_add(&entries, 1);
    if (provoke) {
        void *volatile made = malloc(1); /* a compiler may drop a pair */

        free(made);
    }
    sigprof__handler(number, info, ucontext);
    inside = 0;
}

static int wrapping_sigaction(int number, const struct sigaction *set,
                              struct sigaction *get)
{
    struct sigaction copy;
    int result;

    if (set && (set->sa_flags & SA_SIGINFO) &&
        set->sa_sigaction == sigprof__handler) {
        copy = *set;
        copy.sa_sigaction = wrapped_handler;
        set = &copy;
    }
    result = sigaction(number, set, get);
    if (get && (get->sa_flags & SA_SIGINFO) &&
        get->sa_sigaction == wrapped_handler)
        get->sa_sigaction = sigprof__handler;
    return result;
}

/* ---- Work that allocates and loads all the time ---------------------------- */

static _Atomic int stop;

static int compare(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

static void *work(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;

    sigprof_thread_attach("work");
    while (!stop) {
        char text[64];
        size_t count = 10 + (size_t)rand_r(&seed) % 1000;
        int *numbers = malloc(count * sizeof *numbers);

        CHECK(numbers != NULL);
        for (size_t i = 0; i < count; i++)
            numbers[i] = rand_r(&seed);
        qsort(numbers, count, sizeof *numbers, compare);
        snprintf(text, sizeof text, "%d", numbers[0]);
        sigprof_label_set(sigprof_label_intern("n", text + strlen(text) / 2, 0));
        numbers = realloc(numbers, count * 8);
        free(numbers);
    }
    sigprof_thread_detach();
    return NULL;
}

static void *load(void *arg)
{
    (void)arg;
    sigprof_thread_attach("load");
    while (!stop) {
        void *handle = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
        double (*cosine)(double) =
            handle ? (double (*)(double))dlsym(handle, "cos") : NULL;

        if (cosine)
            for (unsigned i = 0; i < 1000; i++)
                ((volatile double *)arg)[0] = cosine((double)i);
        if (handle)
            dlclose(handle);
    }
    sigprof_thread_detach();
    return NULL;
}

static void run_ticks(unsigned unwind, unsigned ticks)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 1000,
                                      .unwind = unwind,
                                      .out = run_path("no-malloc-%p")};
    struct sigprof_stats stats = {.size = sizeof stats};
    struct ticks_storm storm;
    pthread_t thread[3];
    double sink;

    stop = 0;
    entries = 0;
    CHECK_EQ(sigprof_start(&options), 0);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)i), 0);
    CHECK_EQ(pthread_create(&thread[2], NULL, load, &sink), 0);
    ticks_storm_begin(&storm, false);
    while (entries < ticks)
        usleep(1000);
    ticks_storm_end(&storm);
    stop = 1;
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    CHECK_EQ(sigprof_stats(&stats), 0);
    CHECK(stats.taken > ticks / 2);
    CHECK_EQ(sigprof_stop(), 0);
}

static void nothing_is_allocated_under_the_cfi_engine(void)
{
    run_ticks(SIGPROF_UNWIND_CFI, 10000);
}

static void nothing_is_allocated_under_the_fp_engine(void)
{
    run_ticks(SIGPROF_UNWIND_FP, 3000);
}

static void the_trap_itself_works(const char *self)
{
    char *argv[] = {(char *)(uintptr_t)self, "provoke", NULL};
    struct run run = {.argv = argv};

    run_program(&run);
    CHECK(WIFEXITED(run.status));
    CHECK_EQ(WEXITSTATUS(run.status), 42);
    CHECK_HAS(run.err, "malloc called inside the handler");
    run_free(&run);
    test_passed(__func__);
}

int main(int argc, char **argv)
{
    sigprof__sys.sigaction = wrapping_sigaction;
    if (argc > 1) {
        provoke = true;
        run_ticks(SIGPROF_UNWIND_CFI, 1);
        return 0;
    }
    the_trap_itself_works(argv[0]);
    RUN(nothing_is_allocated_under_the_cfi_engine);
    RUN(nothing_is_allocated_under_the_fp_engine);
    return 0;
}
