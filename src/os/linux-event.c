/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux: the part of os.h that perf's events are: a task clock for each thread. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The overflow of an event notifies whoever its descriptor is aimed at. */
static int aim(int descriptor, int tid)
{
    struct f_owner_ex owner = {F_OWNER_TID, tid};

    return fcntl(descriptor, F_SETSIG, SIGPROF) == 0 &&
                   fcntl(descriptor, F_SETOWN_EX, &owner) == 0 &&
                   fcntl(descriptor, F_SETFL, O_ASYNC) == 0
               ? 0
               : errno;
}

/* The id may be another process's thread's by now: ours have a CPU clock. */
static int is_ours(int tid)
{
    uint64_t ns;

    return sigprof__os_thread_cpu_ns(tid, &ns);
}

/* The mapping keeps the event alive behind the closed descriptor. */
int sigprof__os_event_open(int tid, uint64_t period_ns, bool in_kernel,
                           os_event *event)
{
    struct perf_event_attr attribute;
    int descriptor, error;
    void *page;

    memset(&attribute, 0, sizeof attribute);
    attribute.size = sizeof attribute;
    attribute.type = PERF_TYPE_SOFTWARE;
    attribute.config = PERF_COUNT_SW_TASK_CLOCK;
    attribute.sample_period = period_ns;
    attribute.disabled = 1;
    attribute.exclude_kernel = !in_kernel;
    attribute.exclude_hv = 1;
    descriptor = (int)syscall(SYS_perf_event_open, &attribute, tid, -1, -1,
                              PERF_FLAG_FD_CLOEXEC);
    if (descriptor < 0)
        return errno;
    page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED,
                descriptor, 0);
    error = page == MAP_FAILED ? ENOMEM : aim(descriptor, tid);
    if (!error)
        error = is_ours(tid);
    if (!error && ioctl(descriptor, PERF_EVENT_IOC_ENABLE, 0) != 0)
        error = errno;
    close(descriptor);
    if (error && page != MAP_FAILED)
        sigprof__os_event_close(page);
    if (!error)
        *event = page;
    return error;
}

void sigprof__os_event_close(os_event event)
{
    if (event)
        munmap(event, (size_t)sysconf(_SC_PAGESIZE));
}
