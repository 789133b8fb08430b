/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illumos: the part of os.h that ordinary code calls. What Linux says in text,
 * /proc says here in structures; whoever is the process may read them.
 */
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <procfs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/lwp.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <zone.h>

const int sigprof__os_process_timer = ITIMER_REALPROF;
const bool sigprof__os_process_timer_is_fair = true;
const char *const sigprof__os_clock_note = NULL;

/* The kernel raises shorter periods of ITIMER_REALPROF to this. */
uint64_t sigprof__os_timer_step_ns(void)
{
    return 500000;
}

static uint64_t nanoseconds(const timestruc_t *at)
{
    return (uint64_t)at->tv_sec * 1000000000u + (uint64_t)at->tv_nsec;
}

/* The beginning of a file of /proc. */
static int read_structure(const char *path, void *to, size_t size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (descriptor < 0)
        return errno;
    got = read(descriptor, to, size);
    close(descriptor);
    return got == (ssize_t)size ? 0 : EIO;
}

static int read_of_thread(int tid, const char *file, void *to, size_t size)
{
    char path[64];
    int error;

    snprintf(path, sizeof path, "/proc/self/lwp/%d/%s", tid, file);
    error = read_structure(path, to, size);
    return error == ENOENT ? ESRCH : error;
}

static int read_psinfo(pid_t pid, psinfo_t *info)
{
    char path[64];
    int error;

    snprintf(path, sizeof path, "/proc/%d/psinfo", (int)pid);
    error = read_structure(path, info, sizeof *info);
    return error == ENOENT ? ESRCH : error;
}

int sigprof__os_thread_cpu_ns(int tid, uint64_t *ns)
{
    prusage_t usage;
    int error = read_of_thread(tid, "lwpusage", &usage, sizeof usage);

    if (!error)
        *ns = nanoseconds(&usage.pr_utime) + nanoseconds(&usage.pr_stime) +
              nanoseconds(&usage.pr_ttime);
    return error;
}

uint64_t sigprof__os_process_cpu_ns(void)
{
    prusage_t usage;

    if (read_structure("/proc/self/usage", &usage, sizeof usage) != 0)
        return 0;
    return nanoseconds(&usage.pr_utime) + nanoseconds(&usage.pr_stime) +
           nanoseconds(&usage.pr_ttime);
}

/* No value goes with it: os_tick.bare. */
int sigprof__os_signal_thread(int tid, uint32_t value)
{
    (void)value;
    return _lwp_kill((lwpid_t)tid, SIGPROF) == 0 ? 0 : errno;
}

/* Registers of a thread that is not stopped are not defined. */
int sigprof__os_thread_asleep(int tid, uintptr_t *pc, uintptr_t *sp)
{
    lwpsinfo_t info;
    int error = read_of_thread(tid, "lwpsinfo", &info, sizeof info);

    (void)pc;
    (void)sp;
    if (error)
        return error;
    return info.pr_sname == 'O' || info.pr_sname == 'R' ? EAGAIN : ENOTSUP;
}

int sigprof__os_thread_count(unsigned *count)
{
    psinfo_t info;
    int error = read_structure("/proc/self/psinfo", &info, sizeof info);

    if (!error)
        *count = (unsigned)info.pr_nlwp;
    return error;
}

bool sigprof__os_thread_ended(int tid)
{
    lwpsinfo_t info;

    return read_of_thread(tid, "lwpsinfo", &info, sizeof info) != 0 ||
           info.pr_sname == 'Z';
}

int sigprof__os_thread_list(void (*visit)(int tid, void *arg), void *arg)
{
    DIR *threads = opendir("/proc/self/lwp");
    struct dirent *entry;

    if (!threads)
        return errno;
    while ((entry = readdir(threads))) {
        int tid = atoi(entry->d_name);

        if (tid > 0)
            visit(tid, arg);
    }
    closedir(threads);
    return 0;
}

/* Threads have had names since 2018; a kernel before has no such file. */
void sigprof__os_thread_name(int tid, char *name, size_t size)
{
    char path[64];
    int descriptor;
    ssize_t got;

    snprintf(path, sizeof path, "/proc/self/lwp/%d/lwpname", tid);
    name[0] = '\0';
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    got = read(descriptor, name, size - 1);
    name[got > 0 ? got : 0] = '\0';
    close(descriptor);
}

bool sigprof__os_thread_blocks(int tid)
{
    lwpstatus_t status;

    return read_of_thread(tid, "lwpstatus", &status, sizeof status) == 0 &&
           sigismember(&status.pr_lwphold, SIGPROF) == 1;
}

int sigprof__os_stack_self(uintptr_t *low, uintptr_t *high)
{
    stack_t bounds;

    if (stack_getbounds(&bounds) != 0)
        return errno;
    *low = (uintptr_t)bounds.ss_sp;
    *high = *low + bounds.ss_size;
    return 0;
}

/* It grows down to its limit. */
int sigprof__os_stack_main(uintptr_t *low, uintptr_t *high)
{
    struct rlimit limit;
    pstatus_t status;
    int error = read_structure("/proc/self/status", &status, sizeof status);

    if (error)
        return error;
    *low = status.pr_stkbase;
    *high = status.pr_stkbase + status.pr_stksize;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < *high &&
        *high - limit.rlim_cur < *low)
        *low = *high - limit.rlim_cur;
    return 0;
}

/* jitdump is an affair of Linux's perf. */
int sigprof__os_mapped_files(bool (*visit)(const char *path, void *arg),
                             void *arg)
{
    (void)visit;
    (void)arg;
    return ENOTSUP;
}

int sigprof__os_mapping(uintptr_t address, uintptr_t *low, uintptr_t *high)
{
    int descriptor = open("/proc/self/map", O_RDONLY | O_CLOEXEC);
    prmap_t map;
    int error = ENOENT;

    if (descriptor < 0)
        return errno;
    while (error && read(descriptor, &map, sizeof map) == (ssize_t)sizeof map)
        if (address >= map.pr_vaddr && address - map.pr_vaddr < map.pr_size) {
            *low = map.pr_vaddr;
            *high = map.pr_vaddr + map.pr_size;
            error = 0;
        }
    close(descriptor);
    return error;
}

void sigprof__os_random(void *bytes, size_t size)
{
    if (getrandom(bytes, size, GRND_NONBLOCK) != (ssize_t)size)
        arc4random_buf(bytes, size);
}

int sigprof__os_process_start(pid_t pid, uint64_t *start)
{
    psinfo_t info;
    int error = read_psinfo(pid, &info);

    if (!error)
        *start = nanoseconds(&info.pr_start);
    return error;
}

uint64_t sigprof__os_start_real_ns(uint64_t start)
{
    return start;
}

int sigprof__os_process_parent(pid_t pid, pid_t *parent)
{
    psinfo_t info;
    int error = read_psinfo(pid, &info);

    *parent = error ? 0 : info.pr_ppid;
    return error;
}

/* There is no id of a boot. When the first process of all began is one. */
static void name_boot(char *boot_id, size_t size)
{
    uint64_t start;

    if (sigprof__os_process_start(0, &start) == 0)
        snprintf(boot_id, size, "%llu", (unsigned long long)start);
}

/* The path that was executed may be relative; the link is not. */
static void name_program(char *exe, size_t size)
{
    ssize_t length = readlink("/proc/self/path/a.out", exe, size - 1);
    const char *name = length < 0 ? getexecname() : NULL;

    exe[length > 0 ? length : 0] = '\0';
    if (name)
        snprintf(exe, size, "%s", name);
}

void sigprof__os_identity(struct os_identity *identity)
{
    psinfo_t info;

    memset(identity, 0, sizeof *identity);
    identity->os = "illumos";
    identity->cpu = SIGPROF_CPU;
    name_boot(identity->boot_id, sizeof identity->boot_id);
    name_program(identity->exe, sizeof identity->exe);
    identity->pid_namespace = (uint64_t)getzoneid();
    if (read_structure("/proc/self/psinfo", &info, sizeof info) != 0)
        return;
    identity->process_start = nanoseconds(&info.pr_start);
    snprintf(identity->comm, sizeof identity->comm, "%s", info.pr_fname);
}

/* The program may have moved or cleared its arguments: they are read as
 * strangers'. */
size_t sigprof__os_command_line(char *line, size_t size)
{
    psinfo_t info;
    size_t used = 0;

    if (read_structure("/proc/self/psinfo", &info, sizeof info) != 0)
        return 0;
    for (int i = 0; i < info.pr_argc && used < size; i++) {
        uintptr_t argument;
        size_t got, length;

        if (sigprof__os_read_memory(
                info.pr_argv + (unsigned)i * sizeof argument, &argument,
                sizeof argument) != sizeof argument)
            break;
        got = sigprof__os_read_memory(argument, line + used, size - used);
        length = strnlen(line + used, got);
        used += length < got ? length + 1 : length;
    }
    return used;
}

/* A file system in memory. */
const char *sigprof__os_ring_directory(void)
{
    return "/tmp";
}
