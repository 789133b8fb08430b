/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of which the stacks are known: it raises its ticks itself, from
 * leaf(). usage: scene WHAT [ARGUMENT…]. Built by the cases, each in its own way.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "support/ticks.h"

static struct ticks_thread self;
static volatile int sink;

static void find_self(void)
{
    struct ticks_thread threads[4];
    unsigned count = ticks_threads(threads, 4);

    for (unsigned i = 0; i < count; i++)
        if (threads[i].tid == getpid())
            self = threads[i];
    if (!self.value) {
        fputs("scene: no timer of the library\n", stderr);
        exit(3);
    }
}

__attribute__((noinline, used)) void leaf(void)
{
    ticks_raise(&self);
    sink++;
}

__attribute__((noinline)) void caller(void)
{
    leaf();
    sink++;
}

__attribute__((noinline)) void recurse(int depth)
{
    if (depth > 1)
        recurse(depth - 1);
    else
        leaf();
    sink++;
}

#if defined(__x86_64__)
/* tail_caller jumps; faulting's first instruction faults, behind a function that
 * ends in a call. */
__asm__(".text\n"
        ".globl tail_caller\n.type tail_caller, @function\n"
        "tail_caller:\n.cfi_startproc\n"
        "jmp tail_callee\n"
        ".cfi_endproc\n.size tail_caller, . - tail_caller\n"
        ".type before, @function\n"
        "before:\n.cfi_startproc\ncall abort@PLT\n"
        ".cfi_endproc\n.size before, . - before\n"
        ".globl faulting\n.type faulting, @function\n"
        "faulting:\n.cfi_startproc\nud2\nret\n"
        ".cfi_endproc\n.size faulting, . - faulting\n");
void tail_caller(void);
void faulting(void);

__attribute__((noinline, used)) void tail_callee(void)
{
    leaf();
    sink++;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    leaf();
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

static void fault(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};

    action.sa_sigaction = on_fault;
    sigaction(SIGILL, &action, NULL);
    faulting();
}
#endif

/* The pages that hold caller() become anonymous memory, at the same place. */
__attribute__((noinline)) static void remap(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 2 * page;
    char *at = (char *)((uintptr_t)caller & ~(page - 1)), *copy;

    copy = mmap(NULL, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(copy, at, size);
    mprotect(copy, size, PROT_READ | PROT_EXEC);
    if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, at) != at)
        exit(4);
    caller();
}

/* Each library's hot() calls back. */
static void load_one_by_one(char **paths)
{
    for (; *paths; paths++) {
        void *library = dlopen(*paths, RTLD_NOW | RTLD_LOCAL);
        void (*hot)(void (*)(void)) = NULL;

        *(void **)&hot = library ? dlsym(library, "hot") : NULL;
        if (!hot) {
            fprintf(stderr, "scene: %s\n", dlerror());
            exit(4);
        }
        printf("%p\n", (void *)(uintptr_t)hot);
        hot(leaf);
        dlclose(library);
    }
}

/* A child that executes nothing, then another program under this pid. */
static void family(char **argv)
{
    pid_t child;

    caller();
    fflush(stdout);
    child = fork();
    if (child == 0) {
        find_self();
        recurse(1);
        exit(0);
    }
    waitpid(child, NULL, 0);
    execv(argv[0], argv);
    exit(4);
}

static int play(char **argv)
{
    const char *what = argv[1];

    find_self();
    if (strcmp(what, "calls") == 0)
        for (int i = 0; i < 10; i++)
            caller();
    else if (strcmp(what, "recurse") == 0)
        recurse(atoi(argv[2]));
#if defined(__x86_64__)
    else if (strcmp(what, "tail") == 0)
        tail_caller();
    else if (strcmp(what, "fault") == 0)
        fault();
#endif
    else if (strcmp(what, "remap") == 0)
        remap();
    else if (strcmp(what, "unlink") == 0 && unlink(argv[0]) == 0)
        caller();
    else if (strcmp(what, "libraries") == 0)
        load_one_by_one(argv + 2);
    else if (strcmp(what, "family") == 0)
        family(argv + 2);
    else
        return 2;
    return 0;
}

int main(int argc, char **argv)
{
    int status = argc > 1 ? play(argv) : 2;

    sink++;
    return status;
}
