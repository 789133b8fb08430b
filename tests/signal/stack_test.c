/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the handler takes of a thread's stack: measured on a painted one, against
 * a handler that does nothing, so that the kernel's own frame is left out. And
 * that stacks which just hold a signal are enough.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sigprof/sigprof.h"
#include "support/run.h"
#include "support/ticks.h"
#include "test.h"

#define PAINT 0xa5
#define STACK_BYTES (256u << 10)
/* DESIGN.md, rules of the handler, 5. Some ABIs take more for each call: s390x's
 * leaves 160 bytes to the callee, SPARC's 176, ppc64le's 32 and the saved link
 * register's, and functions on mips save gp. */
#if defined(__s390x__) || defined(__sparc__)
#define LIMIT_BYTES 2560
#elif defined(__powerpc64__) || defined(__mips__)
#define LIMIT_BYTES 1536
#else
#define LIMIT_BYTES 1024
#endif
#define TICKS 200

static volatile sig_atomic_t empties;

static void empty_handler(int number)
{
    (void)number;
    empties = empties + 1;
}

static void start(unsigned unwind)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 1000,
                                      .unwind = unwind,
                                      .out = run_path("stack-%p")};

    CHECK_EQ(sigprof_start(&options), 0);
}

static uint64_t taken(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    CHECK_EQ(sigprof_stats(&stats), 0);
    CHECK_EQ(stats.dropped, 0);
    return stats.taken;
}

/* ---- Painted ------------------------------------------------------------- */

struct painted {
    uint8_t *low;
    uintptr_t sp; /* about where the spinning function's frame ends */
    int tid;
    _Atomic int ready;
    _Atomic int stop;
};

__attribute__((noinline)) static void spin(struct painted *painted)
{
    painted->sp = (uintptr_t)__builtin_frame_address(0);
    atomic_store(&painted->ready, 1);
    while (!atomic_load_explicit(&painted->stop, memory_order_relaxed))
        ;
}

__attribute__((noinline)) static void *run_painted(void *arg)
{
    struct painted *painted = arg;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    painted->tid = (int)syscall(SYS_gettid);
    sigprof_thread_attach("painted");
    /* Below is what attach and others have used: the paint covers it. */
    for (uint8_t *at = painted->low; at < (uint8_t *)(here - 512); at++)
        *(volatile uint8_t *)at = PAINT;
    spin(painted);
    return NULL;
}

static size_t touched(const struct painted *painted)
{
    const uint8_t *at = painted->low;

    while (*(const volatile uint8_t *)at == PAINT)
        at++;
    return painted->sp - (uintptr_t)at;
}

static void begin_painted(struct painted *painted, pthread_t *thread)
{
    pthread_attr_t attributes;

    memset(painted, 0, sizeof *painted);
    painted->low = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(painted->low != MAP_FAILED);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, painted->low, STACK_BYTES);
    CHECK_EQ(pthread_create(thread, &attributes, run_painted, painted), 0);
    while (!atomic_load(&painted->ready))
        sched_yield();
}

static void end_painted(struct painted *painted, pthread_t thread)
{
    atomic_store(&painted->stop, 1);
    pthread_join(thread, NULL);
    munmap(painted->low, STACK_BYTES);
}

static size_t bytes_of_an_empty_handler(void)
{
    struct painted painted;
    pthread_t thread;
    size_t bytes;

    struct sigaction action = {.sa_handler = empty_handler};
    sigaction(SIGUSR1, &action, NULL);
    begin_painted(&painted, &thread);
    empties = 0;
    while (empties < TICKS) {
        int before = empties;

        syscall(SYS_tgkill, getpid(), painted.tid, SIGUSR1);
        while (empties == before)
            sched_yield();
    }
    bytes = touched(&painted);
    end_painted(&painted, thread);
    return bytes;
}

static size_t bytes_of_ours(unsigned unwind)
{
    struct painted painted;
    struct ticks_thread threads[8];
    pthread_t thread;
    size_t bytes;
    unsigned count, i;
    uint64_t before;

    start(unwind);
    begin_painted(&painted, &thread);
    count = ticks_threads(threads, 8);
    for (i = 0; i < count && threads[i].tid != painted.tid; i++)
        ;
    CHECK(i < count);
    before = taken();
    while (taken() < before + TICKS)
        ticks_raise(&threads[i]);
    bytes = touched(&painted);
    end_painted(&painted, thread);
    CHECK_EQ(sigprof_stop(), 0);
    return bytes;
}

static void the_handler_needs_less_than_1_KiB_besides_the_kernel_s_frame(void)
{
    static const char *const names[] = {"cfi", "fp"};
    size_t empty = bytes_of_an_empty_handler();

    for (unsigned unwind = 0; unwind < 2; unwind++) {
        size_t ours = bytes_of_ours(unwind);

        printf("   %s: %zu bytes, of which the kernel's %zu\n", names[unwind],
               ours, empty);
        /* The kernel aligns its frame: the same one may be 64 bytes more. */
        CHECK(ours + 64 >= empty);
        CHECK(ours <= empty + LIMIT_BYTES);
    }
}

/* ---- Small stacks --------------------------------------------------------- */

static _Atomic int small_stop;

static void *run_small(void *arg)
{
    (void)arg;
    sigprof_thread_attach("small");
    while (!atomic_load_explicit(&small_stop, memory_order_relaxed))
        ;
    sigprof_thread_detach();
    return NULL;
}

static void until_ticks(uint64_t more)
{
    struct ticks_thread threads[16];
    uint64_t before = taken();

    while (taken() < before + more) {
        unsigned count = ticks_threads(threads, 16);

        for (unsigned i = 0; i < count; i++)
            if (threads[i].tid != getpid())
                ticks_raise(&threads[i]);
    }
}

/* 16 KiB, but for CPUs whose vector registers alone need more. */
static void a_thread_with_the_smallest_stack_is_sampled(void)
{
    long smallest = sysconf(_SC_THREAD_STACK_MIN);
    size_t bytes = smallest > 16384 ? (size_t)smallest : 16384;
    pthread_attr_t attributes;
    pthread_t thread[4];

    start(SIGPROF_UNWIND_CFI);
    atomic_store(&small_stop, 0);
    pthread_attr_init(&attributes);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, bytes), 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&thread[i], &attributes, run_small, NULL), 0);
    until_ticks(400);
    atomic_store(&small_stop, 1);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    CHECK_EQ(sigprof_stop(), 0);
}

static void spin_on_the_alternate_stack(int number)
{
    (void)number;
    while (!atomic_load_explicit(&small_stop, memory_order_relaxed))
        ;
}

/* The program's handler is on the thread's alternate stack when ours comes. */
static void *run_alternate(void *arg)
{
    stack_t stack = {.ss_sp = arg, .ss_size = 16384};
    struct sigaction action = {.sa_handler = spin_on_the_alternate_stack,
                               .sa_flags = SA_ONSTACK};

    sigprof_thread_attach("alternate");
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    sigaction(SIGUSR2, &action, NULL);
    pthread_kill(pthread_self(), SIGUSR2);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
    sigprof_thread_detach();
    return NULL;
}

static void a_thread_on_its_alternate_stack_is_sampled(void)
{
    uint8_t *low = mmap(NULL, 3 * 16384, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread;

    CHECK(low != MAP_FAILED);
    CHECK_EQ(mprotect(low + 16384, 16384, PROT_READ | PROT_WRITE), 0);
    start(SIGPROF_UNWIND_CFI);
    atomic_store(&small_stop, 0);
    CHECK_EQ(pthread_create(&thread, NULL, run_alternate, low + 16384), 0);
    until_ticks(400);
    atomic_store(&small_stop, 1);
    pthread_join(thread, NULL);
    CHECK_EQ(sigprof_stop(), 0);
    munmap(low, 3 * 16384);
}

int main(void)
{
    RUN(the_handler_needs_less_than_1_KiB_besides_the_kernel_s_frame);
    RUN(a_thread_with_the_smallest_stack_is_sampled);
    RUN(a_thread_on_its_alternate_stack_is_sampled);
    return 0;
}
