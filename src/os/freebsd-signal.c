/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD: the part of os.h that the handler may call.
 *
 * The timer is ITIMER_PROF: it runs on the CPU time of the process, and its signal is
 * raised in the thread that took the tick.
 */
#include "os/os.h"

#include <errno.h>
#include <pthread_np.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Read from the thread's structure, without a system call. */
int sigprof__os_tid(void)
{
    return pthread_getthreadid_np();
}

/* The thread's structure is not on its stack. */
uintptr_t sigprof__os_thread_pointer(void)
{
    return 0;
}

uint64_t sigprof__os_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#define PAGE_BYTES 4096u

/* Asks the kernel to read a signal mask for a change that it refuses, but only then:
 * the C library's sigprocmask would look at it first. */
static bool is_readable(uintptr_t address)
{
    address &= ~(uintptr_t)(sizeof(sigset_t) - 1);
    if (address == 0) /* would be no mask at all, and nothing to refuse */
        return false;
    syscall(SYS_sigprocmask, -1L, address, 0L);
    return errno == EINVAL;
}

/* A page that is unmapped just behind the question is a fault: there is nothing else
 * that copies one's own memory without a descriptor. */
__attribute__((no_sanitize("address"))) size_t
sigprof__os_read_memory(uintptr_t address, void *to, size_t size)
{
    unsigned char *bytes = to;

    for (size_t i = 0; i < size; i++) {
        uintptr_t at = address + i;

        if ((i == 0 || at % PAGE_BYTES == 0) && !is_readable(at))
            return i;
        bytes[i] = *(const volatile unsigned char *)at;
    }
    return size;
}

/* thr_kill's signals carry no value. */
void sigprof__os_tick(const void *siginfo, struct os_tick *tick)
{
    const siginfo_t *info = siginfo;

    tick->from_timer = false;
    tick->from_event = false;
    tick->from_sampler = false;
    tick->bare = info->si_code == SI_LWP;
    tick->from_process_timer = info->si_code == SI_KERNEL;
    tick->asleep = false;
    tick->value = 0;
    tick->overrun = 0;
}
