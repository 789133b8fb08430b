/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays illumos for what its backend gives the handler (illumos-signal.o,
 * compiled for that system): a siginfo_t as its kernel fills it for a tick of
 * ITIMER_REALPROF, and /proc/self/as.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "facts.h"
#include "os/os.h"

static _Alignas(16) unsigned char info[ABI_siginfo_t];
static int failures;

/* What the object calls, as illumos has it. */
unsigned thr_self(void);
long long gethrtime(void);

unsigned thr_self(void)
{
    return 7;
}

long long gethrtime(void)
{
    return 1234567890123;
}

int openat64(int folder, const char *path, int flags, ...)
{
    if (folder != (int)ABI_AT_FDCWD || strcmp(path, "/proc/self/as") != 0 || flags != ABI_O_CLOEXEC)
        return -1;
    return openat(AT_FDCWD, "/proc/self/mem", O_RDONLY);
}

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    printf("not so: %s\n", what);
    failures++;
}

/* A signal of this code, with counts of the ten states. */
static struct os_tick tick_of(int code, const int counts[10])
{
    struct os_tick tick;

    memset(&tick, 0xa5, sizeof tick);
    memset(info, 0xa5, sizeof info);
    memcpy(info + ABI_siginfo_t_si_code, &code, sizeof code);
    memcpy(info + ABI_siginfo_t_si_mstate, counts, 10 * sizeof *counts);
    sigprof__os_tick(info, &tick);
    return tick;
}

static void test_ticks(void)
{
    static const int busy[10] = {2, 3, 4, 100, 200, 300, 400, 500, 600, 700};
    static const int idle[10] = {0, 0, 0, 0, 0, 0, 0, 3000, 0, 0};
    struct os_tick tick = tick_of(ABI_PROF_SIG, busy);

    expect(tick.from_process_timer && !tick.asleep && tick.overrun == 8,
           "user, system and trap are what a tick weighs");
    expect(!tick.from_timer && !tick.from_event && !tick.from_sampler &&
               !tick.bare,
           "it is from no other source");
    tick = tick_of(ABI_PROF_SIG, idle);
    expect(tick.from_process_timer && tick.asleep && tick.overrun == 0,
           "one that slept is known, and weighs nothing");
    tick = tick_of(ABI_SI_LWP, busy);
    expect(tick.bare && !tick.from_process_timer && tick.overrun == 0,
           "a directed signal is one, and its counts are not believed");
    tick = tick_of(ABI_SI_NOINFO, busy);
    expect(!tick.bare && !tick.from_process_timer,
           "ITIMER_PROF is the program's, who armed it");
}

static void test_memory(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char got[32];

    memset(at, 'x', page);
    munmap(at + page, page);
    expect(sigprof__os_read_memory((uintptr_t)at, got, 32) == 32 &&
               got[31] == 'x',
           "what is there is read");
    expect(sigprof__os_read_memory((uintptr_t)(at + page - 8), got, 32) == 8,
           "up to a hole");
    expect(sigprof__os_read_memory((uintptr_t)(at + page), got, 32) == 0,
           "and nothing in it");
}

int main(void)
{
    test_ticks();
    test_memory();
    expect(sigprof__os_tid() == 7 && sigprof__os_now_ns() == 1234567890123u,
           "thread and time are the system's");
    printf("%d failures\n", failures);
    return failures != 0;
}
