/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a walk costs inside the handler: ours beside libunwind's and the C
 * library's, in one process, in turn, so that all meet the same machine.
 *
 * At the bottom of a chain of functions a real SIGPROF is raised; its handler
 * times one walk by one method. Every method gets its own signal and its own
 * thread state. The chain is one of
 *      same    the one chain every time
 *      tree    the outer half stays, the inner half is drawn anew
 *      new     all drawn anew from 4096 functions
 * Printed: the median of ns per walk, per frame, and relative to the first line.
 *
 * usage: bench-unwind [ROUNDS]
 */
#include "unwind-tree.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#include "modules.h"
#include "os/os.h"
#include "unwind/unwind.h"

#define DEPTH 256
#define ROUNDS 1000
#define METHODS_MAX 8

struct method {
    const char *name;
    void (*walk)(const ucontext_t *ucontext);
    struct unwind_walk state;
    unsigned frames;
};

static struct method methods[METHODS_MAX];
static unsigned method_count;
static struct method *now;
static uint64_t took;

static uint64_t ticks(void)
{
#if defined(__x86_64__)
    uint64_t value;

    __builtin_ia32_lfence();
    value = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return value;
#else
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
#endif
}

static double ns_per_tick(void)
{
    struct timespec from, to;
    uint64_t first, last;
    double ns;

    clock_gettime(CLOCK_MONOTONIC, &from);
    first = ticks();
    do {
        clock_gettime(CLOCK_MONOTONIC, &to);
        ns = (double)(to.tv_sec - from.tv_sec) * 1e9 +
             (double)(to.tv_nsec - from.tv_nsec);
    } while (ns < 50e6);
    last = ticks();
    return ns / (double)(last - first);
}

/* ---- Methods ----------------------------------------------------------- */

static void walk_with(unwind_engine *engine, const ucontext_t *ucontext)
{
    now->state.ucontext = ucontext;
    engine(&now->state);
    now->frames = now->state.stack->capacity - now->state.stack->top;
}

static void walk_fp(const ucontext_t *ucontext)
{
    walk_with(sigprof__unwind_fp, ucontext);
}

static void walk_cfi(const ucontext_t *ucontext)
{
    walk_with(sigprof__unwind_cfi, ucontext);
}

/* The last walk is forgotten: every frame is looked up in the cache. */
static void walk_cfi_no_memo(const ucontext_t *ucontext)
{
    now->state.stack->epoch = 0;
    now->state.stack->top = now->state.stack->capacity;
    walk_with(sigprof__unwind_cfi, ucontext);
}

static void walk_libunwind(const ucontext_t *ucontext)
{
    walk_with(sigprof__unwind_libunwind, ucontext);
}

static int (*fast_trace)(void **, int);

/* unw_backtrace starts at the handler; unw_backtrace2, from 1.7, would not. */
static void walk_fast_trace(const ucontext_t *ucontext)
{
    void *pcs[DEPTH];

    (void)ucontext;
    now->frames = (unsigned)fast_trace(pcs, DEPTH);
}

static void walk_backtrace(const ucontext_t *ucontext)
{
    void *pcs[DEPTH];

    (void)ucontext;
    now->frames = (unsigned)backtrace(pcs, DEPTH);
}

static void walk_nothing(const ucontext_t *ucontext)
{
    (void)ucontext;
}

static void add(const char *name, void (*walk)(const ucontext_t *))
{
    struct method *method = &methods[method_count++];
    struct unwind_stack *stack = calloc(1, sizeof *stack);

    method->name = name;
    method->walk = walk;
    stack->depth = DEPTH;
    stack->capacity = DEPTH + 8;
    stack->top = stack->capacity;
    stack->frame = calloc(stack->capacity, sizeof *stack->frame);
    stack->fresh = calloc(stack->capacity, sizeof *stack->fresh);
    stack->window = calloc(1, sizeof *stack->window);
    method->state.stack = stack;
    sigprof__os_stack_main(&method->state.thread.low,
                           &method->state.thread.high);
}

static void add_methods(void)
{
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);

    add("nothing", walk_nothing);
    add("fp", walk_fp);
    add("cfi", walk_cfi);
    add("cfi, no memo", walk_cfi_no_memo);
    if (sigprof__unwind_libunwind_load() == 0)
        add("libunwind step", walk_libunwind);
    if (library)
        fast_trace = (int (*)(void **, int))dlsym(library, "unw_backtrace");
    if (fast_trace)
        add("unw_backtrace", walk_fast_trace);
    add("glibc backtrace", walk_backtrace);
}

/* ---- Rounds ------------------------------------------------------------ */

static void on_signal(int number, siginfo_t *info, void *ucontext)
{
    uint64_t from, to;

    (void)number;
    (void)info;
    from = ticks();
    now->walk(ucontext);
    to = ticks();
    took = to - from;
}

static void leaf(void)
{
    raise(SIGPROF);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void draw(uint16_t *path, int from, int depth)
{
    for (int i = from; i < depth; i++)
        path[i] = (uint16_t)(rand() % TREE_FUNCTIONS);
}

static void run(const char *kind, int depth, int rounds, double tick_ns)
{
    uint64_t *samples = calloc((size_t)rounds * method_count, sizeof *samples);
    uint16_t path[128];
    double floor = 0, base = 0;
    int kept = kind[0] == 's' ? depth : kind[0] == 't' ? depth / 2 : 0;

    srand(1);
    draw(path, 0, depth);
    for (int i = 0; i < rounds; i++) {
        draw(path, kept, depth);
        for (unsigned m = 0; m < method_count; m++) {
            now = &methods[(m + (unsigned)i) % method_count];
            tree_functions[path[0]](path + 1, depth - 1);
            samples[(size_t)(now - methods) * (size_t)rounds + (size_t)i] =
                took;
        }
    }
    for (unsigned m = 0; m < method_count; m++) {
        uint64_t *own = samples + (size_t)m * (size_t)rounds;
        double ns;

        qsort(own, (size_t)rounds, sizeof *own, compare);
        ns = (double)own[rounds / 2] * tick_ns;
        if (m == 0) {
            floor = ns;
            continue;
        }
        ns -= floor;
        if (m == 1)
            base = ns;
        printf("%-5s %4d  %-16s %9.0f ns %8.1f /frame  x%-7.1f %u frames\n",
               kind, depth, methods[m].name, ns,
               ns / (methods[m].frames ? methods[m].frames : 1), ns / base,
               methods[m].frames);
    }
    free(samples);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"same", "tree", "new"};
    static const int depths[] = {10, 30, 100};
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESTART};
    double tick_ns = ns_per_tick();

    add_methods();
    tree_leaf = leaf;
    if (rounds < 1 || sigprof__modules_refresh() != 0)
        return 1;
    sigaction(SIGPROF, &action, NULL);
    for (int k = 0; k < 3; k++) {
        for (int d = 0; d < 3; d++)
            run(kinds[k], depths[d], rounds, tick_ns);
    }
    return 0;
}
