/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD: the part of os.h that ordinary code calls. sysctl(3) knows of processes
 * and threads what /proc, which is seldom mounted, does elsewhere. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pthread_np.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/proc.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/thr.h>
#include <sys/time.h>
#include <sys/user.h>
#include <time.h>
#include <unistd.h>

const int sigprof__os_process_timer = ITIMER_PROF;

void *sigprof__os_map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON,
                    -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

void sigprof__os_unmap(void *at, size_t bytes)
{
    if (at)
        munmap(at, bytes);
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now = {0, 0};

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The timer is looked at on the kernel's ticks, kern.hz of them a second. */
uint64_t sigprof__os_timer_step_ns(void)
{
    static const int name[] = {CTL_KERN, KERN_CLOCKRATE};
    struct clockinfo rate;
    size_t size = sizeof rate;

    if (sysctl(name, 2, &rate, &size, NULL, 0) != 0 || rate.stathz <= 0)
        return 0;
    return 1000000000u / (unsigned)rate.stathz;
}

int sigprof__os_thread_cpu_ns(int tid, uint64_t *ns)
{
    struct timespec now;
    clockid_t clock;

    if (clock_getcpuclockid2(tid, CPUCLOCK_WHICH_TID, &clock) != 0 ||
        clock_gettime(clock, &now) != 0)
        return ESRCH;
    *ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return 0;
}

uint64_t sigprof__os_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* No value goes with it: os_tick.bare. */
int sigprof__os_signal_thread(int tid, uint32_t value)
{
    (void)value;
    return thr_kill(tid, SIGPROF) == 0 ? 0 : errno;
}

/* Registers of another thread are known to a debugger only. */
int sigprof__os_thread_asleep(int tid, uintptr_t *pc, uintptr_t *sp)
{
    (void)tid;
    (void)pc;
    (void)sp;
    return ENOTSUP;
}

/* ---- Processes and threads --------------------------------------------------- */

struct processes {
    char *bytes;
    size_t size;  /* used */
    size_t room;
};

static void drop(struct processes *all)
{
    sigprof__os_unmap(all->bytes, all->room);
}

/* What the system tells by this name; there may be more of it the next moment. */
static int ask(const int *name, unsigned words, struct processes *all)
{
    all->bytes = NULL;
    all->room = 64 << 10;
    for (;;) {
        all->bytes = sigprof__os_map(all->room);
        all->size = all->room;
        if (!all->bytes)
            return ENOMEM;
        if (sysctl(name, words, all->bytes, &all->size, NULL, 0) == 0)
            return 0;
        drop(all);
        if (errno != ENOMEM || all->room > (size_t)256 << 20)
            return errno == ENOMEM ? E2BIG : errno;
        all->room *= 4;
    }
}

static int ask_process(pid_t pid, int what, struct processes *all)
{
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID | what, pid};
    int error = ask(name, 4, all);

    if (!error && all->size < sizeof(struct kinfo_proc)) {
        drop(all);
        error = ESRCH;
    }
    return error;
}

/* The next of those from *at on; NULL: there is none. */
static const struct kinfo_proc *next(const struct processes *all, size_t *at)
{
    const struct kinfo_proc *info = (const void *)(all->bytes + *at);

    if (all->size - *at < sizeof *info ||
        info->ki_structsize < (int)sizeof *info)
        return NULL;
    *at += (size_t)info->ki_structsize;
    return info;
}

static int ask_thread(int tid, struct kinfo_proc *thread)
{
    const struct kinfo_proc *info;
    struct processes all;
    size_t at = 0;
    int error = ask_process(getpid(), KERN_PROC_INC_THREAD, &all);

    if (error)
        return error;
    error = ESRCH;
    while (error && (info = next(&all, &at)))
        if (info->ki_tid == tid) {
            *thread = *info;
            error = 0;
        }
    drop(&all);
    return error;
}

static int ask_one(pid_t pid, struct kinfo_proc *process)
{
    struct processes all;
    int error = ask_process(pid, 0, &all);

    if (error)
        return error;
    memcpy(process, all.bytes, sizeof *process);
    drop(&all);
    return 0;
}

int sigprof__os_thread_count(unsigned *count)
{
    struct kinfo_proc info;
    int error = ask_one(getpid(), &info);

    if (!error)
        *count = (unsigned)info.ki_numthreads;
    return error;
}

bool sigprof__os_thread_ended(int tid)
{
    struct kinfo_proc info;

    return ask_thread(tid, &info) != 0 || info.ki_stat == SZOMB;
}

int sigprof__os_thread_list(void (*visit)(int tid, void *arg), void *arg)
{
    const struct kinfo_proc *info;
    struct processes all;
    size_t at = 0;
    int error = ask_process(getpid(), KERN_PROC_INC_THREAD, &all);

    if (error)
        return error;
    while ((info = next(&all, &at)))
        visit(info->ki_tid, arg);
    drop(&all);
    return 0;
}

/* A thread that was given no name has the program's. */
void sigprof__os_thread_name(int tid, char *name, size_t size)
{
    struct kinfo_proc info;

    name[0] = '\0';
    if (ask_thread(tid, &info) == 0)
        snprintf(name, size, "%s", info.ki_tdname[0] ? info.ki_tdname : info.ki_comm);
}

bool sigprof__os_thread_blocks(int tid)
{
    struct kinfo_proc info;

    return ask_thread(tid, &info) == 0 &&
           sigismember(&info.ki_sigmask, SIGPROF) == 1;
}

bool sigprof__os_syscalls_filtered(void)
{
    return false;
}

/* ---- Memory --------------------------------------------------------------------- */

int sigprof__os_stack_self(uintptr_t *low, uintptr_t *high)
{
    pthread_attr_t attributes;
    void *at = NULL;
    size_t size = 0;
    int error = pthread_attr_init(&attributes);

    if (error)
        return error;
    error = pthread_attr_get_np(pthread_self(), &attributes);
    if (!error)
        error = pthread_attr_getstack(&attributes, &at, &size);
    pthread_attr_destroy(&attributes);
    *low = (uintptr_t)at;
    *high = *low + size;
    return error;
}

/* It grows down to its limit. */
int sigprof__os_stack_main(uintptr_t *low, uintptr_t *high)
{
    static const int name[] = {CTL_KERN, KERN_USRSTACK};
    struct rlimit limit;
    unsigned long top;
    size_t size = sizeof top;

    if (sysctl(name, 2, &top, &size, NULL, 0) != 0 ||
        getrlimit(RLIMIT_STACK, &limit) != 0)
        return errno;
    *high = top;
    *low = limit.rlim_cur > 0 && (uint64_t)limit.rlim_cur < top
               ? top - (uintptr_t)limit.rlim_cur
               : 0;
    return 0;
}

static int ask_mappings(struct processes *all)
{
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_VMMAP, getpid()};

    return ask(name, 4, all);
}

/* An entry ends behind its path. */
static const struct kinfo_vmentry *next_mapping(const struct processes *all,
                                                size_t *at)
{
    const struct kinfo_vmentry *entry = (const void *)(all->bytes + *at);

    if (all->size - *at < offsetof(struct kinfo_vmentry, kve_path) ||
        entry->kve_structsize <= 0 ||
        (size_t)entry->kve_structsize > all->size - *at)
        return NULL;
    *at += (size_t)entry->kve_structsize;
    return entry;
}

int sigprof__os_mapped_files(bool (*visit)(const char *path, void *arg),
                             void *arg)
{
    const struct kinfo_vmentry *entry;
    struct processes all;
    size_t at = 0;
    int error = ask_mappings(&all);

    if (error)
        return error;
    while ((entry = next_mapping(&all, &at)))
        if ((entry->kve_protection & KVME_PROT_EXEC) && entry->kve_path[0] == '/' &&
            visit(entry->kve_path, arg))
            break;
    drop(&all);
    return 0;
}

int sigprof__os_mapping(uintptr_t address, uintptr_t *low, uintptr_t *high)
{
    const struct kinfo_vmentry *entry;
    struct processes all;
    size_t at = 0;
    int error = ask_mappings(&all);

    if (error)
        return error;
    error = ENOENT;
    while (error && (entry = next_mapping(&all, &at)))
        if (address >= entry->kve_start && address < entry->kve_end) {
            *low = (uintptr_t)entry->kve_start;
            *high = (uintptr_t)entry->kve_end;
            error = 0;
        }
    drop(&all);
    return error;
}

unsigned sigprof__os_loader_count(void)
{
    return 0;
}

void sigprof__os_barrier_begin(void)
{
}

bool sigprof__os_barrier(void)
{
    return false;
}

bool sigprof__os_is_secure(void)
{
    return issetugid() != 0;
}

int sigprof__os_private_descriptors(void)
{
    return ENOTSUP;
}

void sigprof__os_random(void *bytes, size_t size)
{
    arc4random_buf(bytes, size);
}

/* ---- Who it is ------------------------------------------------------------------- */

static uint64_t microseconds(const struct timeval *at)
{
    return (uint64_t)at->tv_sec * 1000000u + (uint64_t)at->tv_usec;
}

int sigprof__os_process_start(pid_t pid, uint64_t *start)
{
    struct kinfo_proc info;
    int error = ask_one(pid, &info);

    if (!error)
        *start = microseconds(&info.ki_start);
    return error;
}

uint64_t sigprof__os_start_real_ns(uint64_t start)
{
    return start * 1000;
}

int sigprof__os_process_parent(pid_t pid, pid_t *parent)
{
    struct kinfo_proc info;
    int error = ask_one(pid, &info);

    *parent = error ? 0 : info.ki_ppid;
    return error;
}

/* There is no id of a boot: the time of it, which a set clock moves. */
static void name_boot(char *boot_id, size_t size)
{
    static const int name[] = {CTL_KERN, KERN_BOOTTIME};
    struct timeval at;
    size_t got = sizeof at;

    if (sysctl(name, 2, &at, &got, NULL, 0) == 0)
        snprintf(boot_id, size, "%llu", (unsigned long long)microseconds(&at));
}

void sigprof__os_identity(struct os_identity *identity)
{
    static const int path[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
    struct kinfo_proc info;
    size_t size = sizeof identity->exe;

    memset(identity, 0, sizeof *identity);
    identity->os = "freebsd";
    identity->cpu = SIGPROF_CPU;
    name_boot(identity->boot_id, sizeof identity->boot_id);
    if (sysctl(path, 4, identity->exe, &size, NULL, 0) != 0)
        identity->exe[0] = '\0';
    if (ask_one(getpid(), &info) != 0)
        return;
    identity->process_start = microseconds(&info.ki_start);
    identity->pid_namespace = (uint64_t)info.ki_jid;
    snprintf(identity->comm, sizeof identity->comm, "%s", info.ki_comm);
}

size_t sigprof__os_command_line(char *line, size_t size)
{
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, getpid()};

    return sysctl(name, 4, line, &size, NULL, 0) == 0 ? size : 0;
}

/* Often a file system in memory. */
const char *sigprof__os_ring_directory(void)
{
    return "/tmp";
}

/* ZFS does not promise space. */
static int write_zeros(int descriptor, off_t offset, off_t size)
{
    static const char zeros[4096];

    while (size > 0) {
        size_t bytes = size < (off_t)sizeof zeros ? (size_t)size : sizeof zeros;
        ssize_t put = pwrite(descriptor, zeros, bytes, offset);

        if (put <= 0)
            return put < 0 ? errno : ENOSPC;
        offset += put;
        size -= put;
    }
    return 0;
}

int sigprof__os_allocate(int descriptor, off_t offset, off_t size)
{
    int error = posix_fallocate(descriptor, offset, size);

    return error == EINVAL || error == EOPNOTSUPP
               ? write_zeros(descriptor, offset, size)
               : error;
}
