/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illumos: the part of os.h that the handler may call.
 *
 * ITIMER_REALPROF samples every LWP of the process: a tick comes to an LWP on
 * its way back to user mode, with how often it was found in which microstate
 * since its last one. One that has slept gets one tick when it wakes.
 */
#include "os/os.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/msacct.h>
#include <sys/time.h>
#include <thread.h>
#include <unistd.h>

#include "format.h"

/* An LWP's id, without a system call. */
int sigprof__os_tid(void)
{
    return (int)thr_self();
}

/* libc's thread structure is not on the stack. */
uintptr_t sigprof__os_thread_pointer(void)
{
    return 0;
}

uint64_t sigprof__os_now_ns(void)
{
    return (uint64_t)gethrtime();
}

/* The whole address space is a file. 64-bit offsets: half of a 32-bit process
 * lies above what an off_t holds. Not open: the preload object interposes that. */
size_t sigprof__os_read_memory(uintptr_t address, void *to, size_t size)
{
    int descriptor =
        openat64(AT_FDCWD, "/proc/self/as", O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (descriptor < 0)
        return 0;
    got = pread64(descriptor, to, size, (off64_t)address);
    close(descriptor);
    return got > 0 ? (size_t)got : 0;
}

const bool sigprof__os_process_timer_tells = true;

/* Microstates of a state: up to three, -1 behind the last. A trap is the kernel at
 * work for the thread, as a system call is. */
static const signed char microstates[FORMAT_STATES][3] = {
    [FORMAT_STATE_UNKNOWN] = {-1},
    [FORMAT_STATE_RUNNING] = {-1},
    [FORMAT_STATE_SLEEPING] = {LMS_SLEEP, -1},
    [FORMAT_STATE_WAITING] = {LMS_WAIT_CPU, -1},
    [FORMAT_STATE_USER] = {LMS_USER, -1},
    [FORMAT_STATE_SYSTEM] = {LMS_SYSTEM, LMS_TRAP, -1},
    [FORMAT_STATE_FAULTING] = {LMS_TFAULT, LMS_DFAULT, LMS_KFAULT},
    [FORMAT_STATE_LOCK] = {LMS_USER_LOCK, -1},
    [FORMAT_STATE_STOPPED] = {LMS_STOPPED, -1}};

uint32_t sigprof__os_tick_periods(const void *siginfo, unsigned state)
{
    const siginfo_t *info = siginfo;
    uint32_t periods = 0;

    for (unsigned i = 0; i < 3 && microstates[state][i] >= 0; i++)
        periods += (uint32_t)info->si_mstate[(unsigned)microstates[state][i]];
    return periods;
}

void sigprof__os_tick(const void *siginfo, struct os_tick *tick)
{
    const siginfo_t *info = siginfo;
    uint32_t periods = 0;

    /* Counts of another code are not to be believed: a signal of _lwp_kill's shows
     * them too, and leaves them there. */
    if (info->si_code == PROF_SIG)
        periods = sigprof__os_tick_periods(info, FORMAT_STATE_USER) +
                  sigprof__os_tick_periods(info, FORMAT_STATE_SYSTEM);

    tick->from_timer = false;
    tick->from_event = false;
    tick->from_sampler = false;
    tick->bare = info->si_code == SI_LWP; /* these have no room for a value */
    tick->from_process_timer = info->si_code == PROF_SIG;
    tick->asleep = periods == 0;
    tick->value = 0;
    tick->overrun = periods > 0 ? periods - 1 : 0;
}
