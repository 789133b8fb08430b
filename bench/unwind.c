/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a walk costs inside the handler: ours beside its peers, in one process,
 * in turn, so that all meet the same machine.
 *
 * At the end of a chain of functions a real SIGPROF is raised; its handler times
 * one walk by one method. The methods take turns of a few signals; each has its
 * own thread state. The chain is one of
 *      repeat   the one chain every time
 *      tree     the outer half stays, the inner half is drawn anew
 *      new      all drawn anew from 4096 functions
 *      unseen   the same, and all that was learnt of any address is forgotten
 * Each of the others begins with nothing learnt, too, and learns on its way.
 *
 * The first line is what the others are held against: a loop over frame pointers
 * with bounds and nothing else, on the same functions compiled with frame
 * pointers. All others walk those without. Printed: the median of ns per walk,
 * per frame, and relative to the first line.
 *
 * usage: bench-unwind [ROUNDS [KIND]]
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
#include "os/regs.h"
#include "unwind/unwind.h"

#define DEPTH 256
#define ROUNDS 200
#define TURN 8 /* signals in a row by one method */
#define METHODS_MAX 16
#define FROM_SIGNAL 1 /* UNW_INIT_SIGNAL_FRAME */

struct method {
    const char *name;
    void (*walk)(const ucontext_t *ucontext);
    tree_block *const *tree; /* what it walks */
    struct unwind_walk state;
    unsigned frames;
};

enum kind { REPEAT, TREE, NEW, UNSEEN };
static const char *const kind_names[] = {"repeat", "tree", "new", "unseen"};

static struct method methods[METHODS_MAX];
static unsigned method_count;
static struct method *now;
static uint64_t took;
static double tick_ns;

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

/* No more than has to be done: bounds, alignment, and always up the stack. */
static void walk_bare(const ucontext_t *ucontext)
{
    uintptr_t *pcs = (uintptr_t *)(void *)now->state.stack->fresh;
    uintptr_t fp = regs_fp(ucontext);
    uintptr_t low = regs_sp(ucontext);
    uintptr_t high = now->state.thread.high - 2 * sizeof fp;
    unsigned count = 0;

    pcs[count++] = regs_pc(ucontext);
    while (count < DEPTH && fp >= low && fp <= high && fp % sizeof fp == 0) {
        const uintptr_t *record = (const uintptr_t *)fp;

        pcs[count++] = record[1];
        low = fp + 1;
        fp = record[0];
    }
    now->frames = count;
}

/* Inline: through a pointer, each row of ours would have one mispredicted call more
 * than the bare walk. */
static inline __attribute__((always_inline)) void
walk_with(unwind_engine *engine, const ucontext_t *ucontext)
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
static int (*fast_trace2)(void **, int, void *, int); /* from 1.7 on */

/* It starts at the handler. */
static void walk_fast_trace(const ucontext_t *ucontext)
{
    void *pcs[DEPTH];

    (void)ucontext;
    now->frames = (unsigned)fast_trace(pcs, DEPTH);
}

static void walk_fast_trace2(const ucontext_t *ucontext)
{
    void *pcs[DEPTH];
    ucontext_t copy = *ucontext;

    now->frames = (unsigned)fast_trace2(pcs, DEPTH, &copy, FROM_SIGNAL);
}

static int (*gperftools)(void **, int, int, const void *);

static void walk_gperftools(const ucontext_t *ucontext)
{
    void *pcs[DEPTH];

    now->frames = (unsigned)gperftools(pcs, DEPTH, 0, ucontext);
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

static void add(const char *name, tree_block *const *tree,
                void (*walk)(const ucontext_t *))
{
    struct method *method = &methods[method_count++];
    struct unwind_stack *stack = calloc(1, sizeof *stack);

    method->name = name;
    method->tree = tree;
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

/* None of them may enter the program's scope: they export backtrace, too. */
static void *symbol(const char *library, const char *name)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void *found = handle ? dlsym(handle, name) : NULL;

    if (!found)
        printf("%s of %s: not on this machine\n", name, library);
    return found;
}

static void add_peers(void)
{
    *(void **)&fast_trace = symbol("libunwind.so.8", "unw_backtrace");
    *(void **)&fast_trace2 = symbol("libunwind.so.8", "unw_backtrace2");
    *(void **)&gperftools = symbol("libprofiler.so.0",
                                   "_Z24GetStackTraceWithContextPPviiPKv");
    if (sigprof__unwind_libunwind_load() == 0)
        add("libunwind unw_step", tree_plain, walk_libunwind);
    if (fast_trace)
        add("unw_backtrace", tree_plain, walk_fast_trace);
    if (fast_trace2)
        add("unw_backtrace2", tree_plain, walk_fast_trace2);
    if (gperftools)
        add("gperftools", tree_plain, walk_gperftools);
    add("glibc backtrace", tree_plain, walk_backtrace);
}

static void add_methods(void)
{
    add("nothing", tree_fp, walk_nothing);
    add("bare fp walk", tree_fp, walk_bare);
    add("fp", tree_fp, walk_fp);
    add("cfi", tree_plain, walk_cfi);
    add("cfi, all learnt", tree_plain, walk_cfi); /* by the one before */
    add("cfi, no memo", tree_plain, walk_cfi_no_memo);
    add("cfi, code with fp", tree_fp, walk_cfi);
    add_peers();
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

/* What is learnt holds for one value of these numbers. */
static void forget(void)
{
    struct module_snapshot *snapshot =
        (struct module_snapshot *)(uintptr_t)sigprof__modules();

    snapshot->unloads++;
    snapshot->epoch++;
}

static double median(uint64_t *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, compare);
    return (double)samples[count / 2] * tick_ns;
}

static void report(const char *kind, int depth, uint64_t *samples, size_t count)
{
    double floor = median(samples, count);
    double base = 0;

    for (unsigned m = 1; m < method_count; m++) {
        unsigned frames = methods[m].frames ? methods[m].frames : 1;
        double ns = median(samples + m * count, count);

        ns -= floor;
        if (m == 1)
            base = ns;
        printf("%-6s %4d  %-18s %9.0f ns %8.1f /frame  x%-7.1f %u frames\n",
               kind, depth, methods[m].name, ns, ns / frames, ns / base,
               methods[m].frames);
    }
}

/* One method's turn: some signals in a row, so that its own code is warm, on the
 * paths that the other methods see in this round. */
static void take_turn(enum kind kind, uint16_t *path, int depth, uint64_t *samples)
{
    int kept = kind == REPEAT ? depth : kind == TREE ? depth / 2 : 0;

    for (int i = 0; i < TURN; i++) {
        draw(path, kept, depth);
        if (kind == UNSEEN)
            forget();
        tree_call(now->tree, path, depth);
        samples[i] = took;
    }
}

static void run(enum kind kind, int depth, int rounds)
{
    size_t count = (size_t)rounds * TURN;
    uint64_t *samples = calloc(count * method_count, sizeof *samples);
    uint16_t path[DEPTH];

    forget();
    srand(1);
    draw(path, 0, depth);
    for (int i = 0; i < rounds; i++) {
        for (unsigned m = 0; m < method_count; m++) {
            unsigned method = (m + (unsigned)i) % method_count;

            srand((unsigned)i);
            now = &methods[method];
            take_turn(kind, path, depth,
                      samples + method * count + (size_t)i * TURN);
        }
    }
    report(kind_names[kind], depth, samples, count);
    free(samples);
}

int main(int argc, char **argv)
{
    static const int depths[] = {10, 30, 100};
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESTART};

    tick_ns = ns_per_tick();
    add_methods();
    tree_leaf = leaf;
    if (rounds < 1 || sigprof__modules_refresh() != 0)
        return 1;
    sigaction(SIGPROF, &action, NULL);
    for (enum kind kind = REPEAT; kind <= UNSEEN; kind++) {
        for (int d = 0; d < 3; d++) {
            if (argc < 3 || strcmp(argv[2], kind_names[kind]) == 0)
                run(kind, depths[d], rounds);
        }
    }
    return 0;
}
