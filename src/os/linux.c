/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux: the part of os.h that ordinary code calls. */
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "os/linux-timer.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* The kernel's encoding of "scheduler clock of thread T"; posix-timers.h. */
#define THREAD_CPU_CLOCK(tid) ((clockid_t)((~(unsigned)(tid) << 3) | 4 | 2))

const bool sigprof__os_has_thread_timers = true;
const int sigprof__os_process_timer = ITIMER_PROF;
const bool sigprof__os_process_timer_is_fair = true;
const char *const sigprof__os_clock_note = NULL;

void *sigprof__os_map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

/* Large pages from here on: seldom missed by the TLB, and fewer to be made. */
#define LARGE_BYTES ((size_t)2 << 20)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

void *sigprof__os_map_at_once(size_t bytes)
{
    void *at = sigprof__os_map(bytes);
    int before = errno;

    if (at && bytes >= LARGE_BYTES)
        madvise(at, bytes, MADV_HUGEPAGE);
    if (at)
        madvise(at, bytes, MADV_POPULATE_WRITE); /* else page by page */
    errno = before;
    return at;
}

void sigprof__os_unmap(void *at, size_t bytes)
{
    if (at)
        munmap(at, bytes);
}

int sigprof__os_timer_create(int tid, uint32_t value, os_timer *timer)
{
    struct sigevent event;
    timer_t made;

    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGPROF;
    event.sigev_value.sival_ptr = (void *)(TIMER_MARK | value);
    event.sigev_notify_thread_id = tid;
    if (timer_create(THREAD_CPU_CLOCK(tid), &event, &made) != 0)
        return errno;
    *timer = (os_timer)made;
    return 0;
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / 1000000000u),
                             (long)(ns % 1000000000u)};
}

int sigprof__os_timer_arm(os_timer timer, uint64_t first_ns, uint64_t period_ns)
{
    struct itimerspec when = {timespec_of(period_ns), timespec_of(first_ns)};

    return timer_settime((timer_t)timer, 0, &when, NULL) == 0 ? 0 : errno;
}

void sigprof__os_timer_delete(os_timer timer)
{
    timer_delete((timer_t)timer);
}

static uint64_t nanoseconds(const struct timespec *at)
{
    return (uint64_t)at->tv_sec * 1000000000u + (uint64_t)at->tv_nsec;
}

/* CPU timers are looked at on the scheduler's tick; the coarse clock moves with
 * it. */
uint64_t sigprof__os_timer_step_ns(void)
{
    struct timespec step;

    return clock_getres(CLOCK_MONOTONIC_COARSE, &step) == 0 ? nanoseconds(&step)
                                                            : 0;
}

int sigprof__os_thread_cpu_ns(int tid, uint64_t *ns)
{
    struct timespec now;

    if (clock_gettime(THREAD_CPU_CLOCK(tid), &now) != 0)
        return ESRCH;
    *ns = nanoseconds(&now);
    return 0;
}

uint64_t sigprof__os_process_cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return nanoseconds(&now);
}

/* The queue's limit takes the value of a signal, not the signal: see os_tick.bare. */
int sigprof__os_signal_thread(int tid, uint32_t value)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_signo = SIGPROF;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = (void *)(TIMER_MARK | value);
    return syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, SIGPROF, &info) == 0
               ? 0
               : errno;
}

/* The link count of the task directory is two more than there are threads. */
int sigprof__os_thread_count(unsigned *count)
{
    struct stat task;

    if (stat("/proc/self/task", &task) != 0 || task.st_nlink < 3)
        return ENOTSUP;
    *count = (unsigned)task.st_nlink - 2;
    return 0;
}

/* A whole small file; returns the bytes read, and ends them with a NUL. */
static size_t read_file(const char *path, char *to, size_t size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got;

    to[0] = '\0';
    if (descriptor < 0)
        return 0;
    while (used < size - 1 &&
           (got = read(descriptor, to + used, size - 1 - used)) > 0)
        used += (size_t)got;
    close(descriptor);
    to[used] = '\0';
    return used;
}

static void chomp(char *text)
{
    text[strcspn(text, "\n")] = '\0';
}

bool sigprof__os_thread_ended(int tid)
{
    char line[512];
    char path[64];
    char *after;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    return !read_file(path, line, sizeof line) ||
           ((after = strrchr(line, ')')) && after[1] == ' ' &&
            (after[2] == 'Z' || after[2] == 'X'));
}

int sigprof__os_thread_list(void (*visit)(int tid, void *arg), void *arg)
{
    DIR *task = opendir("/proc/self/task");
    struct dirent *entry;

    if (!task)
        return errno;
    while ((entry = readdir(task))) {
        int tid = atoi(entry->d_name);

        if (tid > 0)
            visit(tid, arg);
    }
    closedir(task);
    return 0;
}

void sigprof__os_thread_name(int tid, char *name, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    read_file(path, name, size);
    chomp(name);
}

/* The hexadecimal number behind label in a /proc status file; 0 if absent. */
static unsigned long long status_field(const char *path, const char *label)
{
    char status[4096];
    char *at;

    if (!read_file(path, status, sizeof status))
        return 0;
    at = strstr(status, label);
    return at ? strtoull(at + strlen(label), NULL, 16) : 0;
}

/* "running", or a number, registers, sp and pc: the last two are what we want. */
int sigprof__os_thread_asleep(int tid, uintptr_t *pc, uintptr_t *sp)
{
    char path[64], line[256], *last, *before;

    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    if (!read_file(path, line, sizeof line))
        return ENOTSUP;
    chomp(line);
    if (line[0] == 'r')
        return EAGAIN;
    last = strrchr(line, ' ');
    if (!last)
        return ENOTSUP;
    *last++ = '\0';
    before = strrchr(line, ' ');
    if (!before)
        return ENOTSUP;
    *pc = (uintptr_t)strtoull(last, NULL, 16);
    *sp = (uintptr_t)strtoull(before + 1, NULL, 16);
    return 0;
}

bool sigprof__os_thread_blocks(int tid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
    return status_field(path, "\nSigBlk:") >> (SIGPROF - 1) & 1;
}

bool sigprof__os_syscalls_filtered(void)
{
    return status_field("/proc/thread-self/status", "\nSeccomp:") != 0;
}

int sigprof__os_stack_self(uintptr_t *low, uintptr_t *high)
{
    pthread_attr_t attributes;
    void *at;
    size_t size;
    int error;

    if (sigprof__os_tid() == getpid())
        return sigprof__os_stack_main(low, high);
    error = pthread_getattr_np(pthread_self(), &attributes);
    if (error)
        return error;
    error = pthread_attr_getstack(&attributes, &at, &size);
    pthread_attr_destroy(&attributes);
    *low = (uintptr_t)at;
    *high = (uintptr_t)at + size;
    return error;
}

#ifdef __GLIBC__
#pragma weak _r_debug
#define FIRST_OBJECT (&_r_debug ? (uintptr_t)_r_debug.r_map : 0)
#else /* musl's name for where it is */
extern struct r_debug *_dl_debug_addr;
#pragma weak _dl_debug_addr
#define FIRST_OBJECT                                                           \
    (&_dl_debug_addr && _dl_debug_addr ? (uintptr_t)_dl_debug_addr->r_map : 0)
#endif

/* Nodes may go away under us: a read that fails ends the count. */
unsigned sigprof__os_loader_count(void)
{
    uintptr_t at = FIRST_OBJECT;
    struct link_map node;
    unsigned count = 0;

    for (; at && count < 65536; at = (uintptr_t)node.l_next, count++)
        if (sigprof__os_read_memory(at, &node, sizeof node) != sizeof node)
            break;
    return count;
}

/* The kernel waits for a grace period (10 ms) when other threads exist already. */
void sigprof__os_barrier_begin(void)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

bool sigprof__os_barrier(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

bool sigprof__os_is_secure(void)
{
    return getauxval(AT_SECURE) != 0;
}

int sigprof__os_private_descriptors(void)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 0u, ~0u, 2u /* CLOSE_RANGE_UNSHARE */) == 0)
        return 0;
#endif
    return ENOTSUP;
}

void sigprof__os_random(void *bytes, size_t size)
{
    if (getrandom(bytes, size, GRND_NONBLOCK) == (ssize_t)size)
        return;
    /* Early in boot, or filtered: the clock is unlike enough for an id. */
    uint64_t seed = sigprof__os_now_ns() ^ (uint64_t)getpid() << 32;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        ((unsigned char *)bytes)[i] = (unsigned char)(seed >> 56);
    }
}

/* Field 22 of /proc/PID/stat; the name in field 2 may hold anything. */
static int start_from_stat(const char *path, uint64_t *start, int *parent)
{
    char stat_line[1024];
    unsigned long long ticks;
    int ppid;
    char *after;

    if (!read_file(path, stat_line, sizeof stat_line) ||
        !(after = strrchr(stat_line, ')')) ||
        sscanf(after + 2,
               "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
               "%*d %*d %*d %*d %llu",
               &ppid, &ticks) != 2)
        return ESRCH;
    *start = ticks;
    *parent = ppid;
    return 0;
}

int sigprof__os_process_start(pid_t pid, uint64_t *start)
{
    char path[64];
    int parent;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return start_from_stat(path, start, &parent);
}

uint64_t sigprof__os_start_real_ns(uint64_t start)
{
    struct timespec now, booted;
    long hz = sysconf(_SC_CLK_TCK);

    if (hz <= 0 || clock_gettime(CLOCK_REALTIME, &now) != 0 ||
        clock_gettime(CLOCK_BOOTTIME, &booted) != 0)
        return 0;
    return nanoseconds(&now) - nanoseconds(&booted) +
           start * (1000000000u / (uint64_t)hz);
}

int sigprof__os_process_parent(pid_t pid, pid_t *parent)
{
    char path[64];
    uint64_t start;
    int ppid;
    int error;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    error = start_from_stat(path, &start, &ppid);
    *parent = error ? 0 : ppid;
    return error;
}

void sigprof__os_identity(struct os_identity *identity)
{
    struct stat namespace;
    ssize_t length;

    memset(identity, 0, sizeof *identity);
    identity->os = "linux";
    identity->cpu = SIGPROF_CPU;
    read_file("/proc/sys/kernel/random/boot_id", identity->boot_id,
              sizeof identity->boot_id);
    chomp(identity->boot_id);
    read_file("/proc/self/comm", identity->comm, sizeof identity->comm);
    chomp(identity->comm);
    length = readlink("/proc/self/exe", identity->exe, sizeof identity->exe - 1);
    identity->exe[length > 0 ? length : 0] = '\0';
    sigprof__os_process_start(getpid(), &identity->process_start);
    if (stat("/proc/self/ns/pid", &namespace) == 0)
        identity->pid_namespace = namespace.st_ino;
}

size_t sigprof__os_command_line(char *line, size_t size)
{
    return read_file("/proc/self/cmdline", line, size);
}

const char *sigprof__os_ring_directory(void)
{
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

int sigprof__os_allocate(int descriptor, off_t offset, off_t size)
{
    return posix_fallocate(descriptor, offset, size);
}
