/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A coroutine on a stack of its own. The declaration tells the profiler that this
 * memory is a stack, so its frames are walked like any other's.
 *
 *      ./coroutine [coroutine.sigprof]
 *      sigprof-fold coroutine.sigprof
 */
#include <sigprof/sigprof.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ucontext.h>

#define STACK_BYTES ((size_t)256 << 10)

static ucontext_t caller, callee;
static volatile unsigned long sink;

__attribute__((noinline)) static void compute(void)
{
    clock_t end = clock() + CLOCKS_PER_SEC / 4;

    while (clock() < end)
        for (int i = 0; i < 100000; i++)
            sink += 1;
}

static void coroutine(void)
{
    for (;;) {
        compute();
        swapcontext(&callee, &caller);
    }
}

static void run_twice(void *stack)
{
    getcontext(&callee);
    callee.uc_stack.ss_sp = stack;
    callee.uc_stack.ss_size = STACK_BYTES;
    makecontext(&callee, coroutine, 0);
    for (int i = 0; i < 2; i++)
        swapcontext(&caller, &callee);
}

int main(int argc, char **argv)
{
    struct sigprof_options options = {.size = sizeof options, .hz = 199};
    void *stack = malloc(STACK_BYTES);
    int code;

    options.out = argc > 1 ? argv[1] : "coroutine.sigprof";
    code = stack ? sigprof_stack_declare(stack, STACK_BYTES) : SIGPROF_ENOMEM;
    if (code == 0)
        code = sigprof_start(&options);
    if (code == 0) {
        run_twice(stack);
        code = sigprof_stop();
        sigprof_stack_forget(stack);
    }
    free(stack);
    if (code)
        fprintf(stderr, "%s: %s\n", options.out, sigprof_strerror(code));
    else
        printf("wrote %s\n", options.out);
    return code != 0;
}
