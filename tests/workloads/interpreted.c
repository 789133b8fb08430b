/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interpreter whose frames the profiler knows by sigprof/jit.h only. usage:
 * workload-interpreted KIND MILLISECONDS
 *
 * Three guest functions spin 50:30:20, each by a chain start -> middle in one
 * activation of the loop, the native function each, then hot_a, hot_b or hot_c in
 * another; the CPU time of each is printed in nanoseconds. KIND: how frames are
 * told.
 *      shadow     a shadow stack
 *      full       ... with room for two frames
 *      walk       a callback, with the loop's stack addresses
 *      entry      ... with entry flags
 *      kept       a shadow stack, and the loop is not declared
 *      nested     hot_* belong to another interpreter, with a callback
 *      coroutine  a shadow stack and a stack for each of three coroutines
 *      threads    a shadow stack for each of six threads
 *      busy       a callback that cannot tell
 *      met        a callback that names its functions itself
 *      sleep      a shadow stack; hot_a sleeps instead, once, and nothing is printed
 *      storm      four threads push and pop as fast as they can
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#include "sigprof/jit.h"

extern int sigprof_stack_declare(void *low, size_t bytes) SIGPROF_WEAK;

#define DEPTH 16
#define STACK_BYTES ((size_t)256 << 10)
#define NOINLINE __attribute__((noinline))

enum { START, MIDDLE, HOT_A, HOT_B, HOT_C, FUNCTIONS };
static const char *const names[FUNCTIONS] = {"start", "middle", "hot_a",
                                             "hot_b", "hot_c"};
static uint32_t numbers[FUNCTIONS];
static const char *kind;

static bool is(const char *name)
{
    return strcmp(kind, name) == 0;
}

struct frame {
    unsigned function;
    bool is_entry;
    const void *sp;
};

/* One interpreter. depth is stored behind what it counts. */
struct vm {
    struct sigprof_shadow shadow;
    struct sigprof_shadow_frame shadow_frames[DEPTH];
    struct sigprof_guest guest;
    struct frame frames[DEPTH];
    volatile unsigned depth;
    struct vm *inner; /* runs hot_*; or this one itself */
    unsigned hot;
    uint64_t ns, spent;
};

static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static volatile unsigned long sink;

NOINLINE static uint64_t spin(uint64_t ns)
{
    uint64_t from = cpu_ns(), now = from;

    while (now - from < ns) {
        for (int i = 0; i < 100000; i++)
            sink += 1;
        now = cpu_ns();
    }
    return now - from;
}

static void push(struct vm *vm, unsigned function, bool is_entry, const void *sp)
{
    vm->frames[vm->depth] = (struct frame){function, is_entry, sp};
    SIGPROF_SIGNAL_FENCE();
    vm->depth++;
    sigprof_shadow_push(&vm->shadow, numbers[function], 10 * function + 1, sp);
}

static void pop(struct vm *vm)
{
    vm->depth--;
    sigprof_shadow_pop(&vm->shadow);
}

static void each(struct vm *vm);

/* The loop: a call from guest to guest stays in this activation. */
NOINLINE static void loop(struct vm *vm, unsigned function)
{
    char here = 0;

    push(vm, function, true, &here);
    if (function == START) {
        push(vm, MIDDLE, false, &here);
        sigprof_shadow_line(&vm->shadow, 77);
        each(vm);
        pop(vm);
    } else if (is("sleep")) {
        struct timespec left = {.tv_sec = (time_t)(vm->ns / 1000000000),
                                .tv_nsec = (long)(vm->ns % 1000000000)};

        while (nanosleep(&left, &left) != 0)
            ;
    } else {
        vm->spent = spin(vm->ns);
    }
    pop(vm);
    sink += (unsigned long)here; /* it stays where it is till then */
}

static struct sigprof_guest *guest_of(struct vm *vm)
{
    return vm->guest.walk ? &vm->guest : &vm->shadow.guest;
}

static void enter(struct sigprof_guest *guest)
{
    if (SIGPROF_JIT_PRESENT)
        sigprof_guest_enter(guest);
}

NOINLINE static void each(struct vm *vm)
{
    struct vm *inner = vm->inner;

    if (inner != vm) {
        guest_of(inner)->outer = guest_of(vm);
        enter(guest_of(inner));
    }
    inner->ns = vm->ns;
    loop(inner, vm->hot);
    vm->spent = inner->spent;
    if (inner != vm)
        enter(guest_of(vm));
    sink += vm->spent; /* or the call before is a jump */
}

static int list_frames(struct sigprof_guest *guest, struct sigprof_walk *walk)
{
    struct vm *copy, *vm = guest->state;
    unsigned depth = 0;

    if (is("busy"))
        return -1;
    /* As a stranger would read it. */
    if (!sigprof_walk_read(walk, &copy, &guest->state, sizeof copy) ||
        !sigprof_walk_read(walk, &depth, (const void *)&vm->depth,
                           sizeof depth) ||
        sigprof_walk_read(walk, &depth, (const void *)16, sizeof depth))
        abort();
    for (unsigned i = 0; is("met") && i < FUNCTIONS; i++)
        numbers[i] = sigprof_walk_function(walk, names[i], "guest/program.src", 5);
    for (unsigned i = vm->depth; i > 0; i--) {
        const struct frame *frame = &vm->frames[i - 1];

        if (!sigprof_walk_frame(walk, numbers[frame->function],
                                10 * frame->function + 1,
                                is("entry") ? NULL : frame->sp,
                                frame->is_entry ? SIGPROF_FRAME_ENTRY : 0))
            break;
    }
    return 0;
}

static struct vm *make_vm(bool walks)
{
    struct vm *vm = calloc(1, sizeof *vm);

    if (!vm)
        abort();
    sigprof_shadow_init(&vm->shadow, vm->shadow_frames, is("full") ? 2 : DEPTH);
    vm->guest.state = vm;
    if (walks)
        vm->guest.walk = list_frames;
    vm->inner = vm;
    return vm;
}

static uint64_t spent[3];

NOINLINE static void run(struct vm *vm, unsigned which, uint64_t ns)
{
    vm->hot = HOT_A + which;
    vm->ns = ns;
    loop(vm, START);
    spent[which] += vm->spent;
}

/* ---- Coroutines and threads ---------------------------------------------- */

static ucontext_t scheduler, contexts[3];
static uint64_t slice_ns[3];
static struct vm *vms[3];

static void coroutine(int which)
{
    for (;;) {
        run(vms[which], (unsigned)which, slice_ns[which]);
        swapcontext(&contexts[which], &scheduler);
    }
}

static void resume(unsigned which)
{
    enter(guest_of(vms[which]));
    swapcontext(&scheduler, &contexts[which]);
    enter(NULL);
}

static void make_coroutine(unsigned which)
{
    void *stack = malloc(STACK_BYTES);

    if (!stack || (SIGPROF_JIT_PRESENT &&
                   sigprof_stack_declare(stack, STACK_BYTES) != 0))
        abort();
    vms[which] = make_vm(false);
    getcontext(&contexts[which]);
    contexts[which].uc_stack.ss_sp = stack;
    contexts[which].uc_stack.ss_size = STACK_BYTES;
    makecontext(&contexts[which], (void (*)(void))(uintptr_t)coroutine, 1,
                (int)which);
}

static void *thread(void *arg)
{
    unsigned which = (unsigned)(uintptr_t)arg;
    struct vm *vm = make_vm(false);

    enter(guest_of(vm));
    run(vm, which, slice_ns[which]);
    enter(NULL);
    free(vm);
    return NULL;
}

/* hot_a calls hot_b calls hot_c calls hot_a, as deep as it goes. */
NOINLINE static void fall(struct vm *vm, unsigned depth)
{
    char here = 0;

    push(vm, HOT_A + depth % 3, true, &here);
    if (depth + 1 < DEPTH)
        fall(vm, depth + 1);
    pop(vm);
    sink += (unsigned long)here;
}

static void *falling_thread(void *arg)
{
    struct vm *vm = make_vm(false);
    uint64_t from = cpu_ns();

    enter(guest_of(vm));
    while (cpu_ns() - from < *(uint64_t *)arg)
        for (int i = 0; i < 1000; i++)
            fall(vm, 0);
    enter(NULL);
    free(vm);
    return NULL;
}

static void storm(uint64_t ns)
{
    pthread_t threads[4];

    for (unsigned i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, falling_thread, &ns) != 0)
            abort();
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void turn(struct vm *vm, unsigned which, uint64_t ns)
{
    pthread_t id;

    slice_ns[which] = ns;
    if (is("coroutine")) {
        resume(which);
    } else if (is("threads")) {
        if (pthread_create(&id, NULL, thread, (void *)(uintptr_t)which) != 0 ||
            pthread_join(id, NULL) != 0)
            abort();
    } else {
        run(vm, which, ns);
    }
}

static void tell(void)
{
    if (!SIGPROF_JIT_PRESENT)
        return;
    for (unsigned i = 0; !is("met") && i < FUNCTIONS; i++) {
        numbers[i] = sigprof_function_intern(names[i], "guest/program.src", 5);
        if (!numbers[i] || numbers[i] != sigprof_function_intern(
                                             names[i], "guest/program.src", 5))
            abort();
    }
    if (sigprof_loop_declare((const void *)(uintptr_t)fall, 0) != 0)
        abort();
    if (!is("kept") &&
        sigprof_loop_declare((const void *)(uintptr_t)loop, 0) != 0)
        abort();
}

int main(int argc, char **argv)
{
    static const unsigned percent[3] = {50, 30, 20};
    unsigned rounds = 10;
    struct vm *vm;

    if (argc != 3)
        return 2;
    kind = argv[1];
    if (is("threads")) /* a short one's last part, without a tick, weighs too much */
        rounds = 2;
    tell();
    if (is("storm")) {
        storm(strtoull(argv[2], NULL, 10) * 1000000);
        return 0;
    }
    vm = make_vm(is("walk") || is("entry") || is("busy") || is("met"));
    if (is("nested"))
        vm->inner = make_vm(true);
    for (unsigned i = 0; is("coroutine") && i < 3; i++)
        make_coroutine(i);
    if (!is("coroutine") && !is("threads"))
        enter(guest_of(vm));
    if (is("sleep")) {
        run(vm, 0, strtoull(argv[2], NULL, 10) * 1000000);
        return 0;
    }
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned i = 0; i < 3; i++)
            turn(vm, i,
                 strtoull(argv[2], NULL, 10) * 10000 / rounds * percent[i]);
    for (unsigned i = 0; i < 3; i++)
        printf("%s %llu\n", names[HOT_A + i], (unsigned long long)spent[i]);
    return 0;
}
