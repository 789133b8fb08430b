/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macOS: the part of os.h that the handler may call.
 *
 * The timer is ITIMER_PROF: it runs on the CPU time of the process, and its signal is
 * raised in the thread that has just used some. A signal does not tell who raised it:
 * si_code is 0 for the timer's and for pthread_kill's. So a tick may be either, and is
 * whichever is expected.
 */
#include "os/darwin.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "os/os.h"
#include "os/readable.h"

/* The low half of what tools show: threads are numbered from the start of the system. */
int sigprof__os_tid(void)
{
    uint64_t id = 0;

    pthread_threadid_np(NULL, &id);
    return darwin_tid(id);
}

/* The main thread's structure is not on its stack. */
uintptr_t sigprof__os_thread_pointer(void)
{
    return 0;
}

uint64_t sigprof__os_now_ns(void)
{
    return clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
}

/* dyld allocates an image's thread-local variables when a thread first uses one. The
 * program's allocator may be what a tick has interrupted. */
pthread_key_t darwin_ready;
_Atomic bool darwin_has_ready;

bool sigprof__os_thread_is_ready(void)
{
    return atomic_load_explicit(&darwin_has_ready, memory_order_acquire) &&
           pthread_getspecific(darwin_ready) != NULL;
}

/* Asks the kernel to read a signal mask for a change that it refuses, but only then. */
bool sigprof__os_is_readable(uintptr_t address)
{
    address &= ~(uintptr_t)(sizeof(sigset_t) - 1);
    if (address == 0) /* would be no mask at all, and nothing to refuse */
        return false;
    return sigprocmask(-1, (const sigset_t *)address, NULL) != 0 &&
           errno == EINVAL;
}

/* kill(2)'s signals have a sender. */
void sigprof__os_tick(const void *siginfo, struct os_tick *tick)
{
    const siginfo_t *info = siginfo;
    bool from_here = info->si_code == 0 && info->si_pid == 0;

    tick->from_timer = false;
    tick->from_event = false;
    tick->from_sampler = false;
    tick->bare = from_here;
    tick->from_process_timer = from_here;
    tick->asleep = false;
    tick->value = 0;
    tick->overrun = 0;
}
