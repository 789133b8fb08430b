/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux: the part of os.h that the handler may call. */
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "os/linux-timer.h"

int sigprof__os_tid(void)
{
    return (int)syscall(SYS_gettid);
}

/* These two count from 28 KiB into what follows the control block. */
#if defined(__powerpc64__) || defined(__mips__)
#define THREAD_POINTER_BIAS 0x7000u
#else
#define THREAD_POINTER_BIAS 0u
#endif

uintptr_t sigprof__os_thread_pointer(void)
{
#if defined(__powerpc64__) || defined(__sparc__) /* gcc 12 has no such builtin there */
    uintptr_t pointer;

#ifdef __powerpc64__
    __asm__("mr %0, 13" : "=r"(pointer));
#else
    __asm__("mov %%g7, %0" : "=r"(pointer));
#endif
    return pointer - THREAD_POINTER_BIAS;
#else
    return (uintptr_t)__builtin_thread_pointer() - THREAD_POINTER_BIAS;
#endif
}

uint64_t sigprof__os_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#define PAGE_BYTES 4096u

/* Of two ways, one's locals are not on the stack of the other. */
#define NOINLINE __attribute__((noinline))

/* Asks the kernel to read the word at address for a change of the signal mask
 * that it will refuse anyway. */
static bool is_readable(uintptr_t address)
{
    if (address == 0) /* would be no mask at all, and nothing to refuse */
        return false;
    syscall(SYS_rt_sigprocmask, -1L, address, 0L, (long)(_NSIG / 8));
    return errno == EINVAL;
}

/* A page that is unmapped just behind the question is a fault: so this is only
 * for systems that offer nothing else. */
static NOINLINE __attribute__((no_sanitize("address"))) size_t
read_when_asked(uintptr_t address, unsigned char *to, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uintptr_t at = address + i;

        if ((i == 0 || at % PAGE_BYTES == 0) &&
            !is_readable(at & ~(uintptr_t)(sizeof at - 1)))
            return i;
        to[i] = *(const volatile unsigned char *)at;
    }
    return size;
}

static _Atomic bool no_copy; /* qemu-user and gVisor have no such call; a
                                container may forbid it */

/* By our own thread id: the process's is of no use once its first thread has left
 * before the others. */
static NOINLINE size_t copy(uintptr_t address, void *to, size_t size)
{
    struct iovec local = {to, size};
    struct iovec remote = {(void *)address, size};
    long got = syscall(SYS_process_vm_readv, syscall(SYS_gettid), &local, 1L,
                       &remote, 1L, 0L);

    if (got < 0 && (errno == ENOSYS || errno == EPERM))
        atomic_store_explicit(&no_copy, true, memory_order_relaxed);
    return got > 0 ? (size_t)got : 0;
}

size_t sigprof__os_read_memory(uintptr_t address, void *to, size_t size)
{
    if (atomic_load_explicit(&no_copy, memory_order_relaxed))
        return read_when_asked(address, to, size);
    return copy(address, to, size);
}

/* mips has another number, which qemu-user does not know. */
static bool is_timer_code(int code)
{
#ifdef __mips__
    return code == SI_TIMER || code == -2;
#else
    return code == SI_TIMER;
#endif
}

void sigprof__os_tick(const void *siginfo, struct os_tick *tick)
{
    const siginfo_t *info = siginfo;

    uintptr_t value = (uintptr_t)info->si_value.sival_ptr;

    tick->from_timer =
        is_timer_code(info->si_code) && (value & TIMER_MARK_MASK) == TIMER_MARK;
    tick->from_sampler =
        info->si_code == SI_QUEUE && (value & TIMER_MARK_MASK) == TIMER_MARK;
    tick->bare = info->si_code == SI_USER && info->si_pid == 0;
    tick->from_process_timer = info->si_code == SI_KERNEL;
    tick->asleep = false;
    tick->from_event = info->si_code == POLL_IN;
    tick->value = (uint32_t)(value & ~TIMER_MARK_MASK);
    tick->overrun = info->si_overrun > 0 ? (uint32_t)info->si_overrun : 0;
}
