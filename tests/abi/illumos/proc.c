/* SPDX-License-Identifier: BSD-2-Clause */
/* illumos' files: /proc, whose files are structures; directories and stat. */
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

int illumos_open(const char *path, int flags, ...);
int illumos_openat64(int folder, const char *path, int flags, ...);
ssize_t illumos_pread64(int descriptor, void *to, size_t size, long long at);
ssize_t illumos_readlink(const char *path, char *to, size_t size);
void *illumos_opendir(const char *path);
void *illumos_readdir(void *directory);
int illumos_closedir(void *directory);
int illumos_stat(const char *path, void *to);
int illumos_lstat(const char *path, void *to);
int illumos_fstat(int descriptor, void *to);
int illumos_getrlimit(int which, void *limit);

/* ---- /proc ------------------------------------------------------------------------ */

static int text_of(const char *path, char *text, size_t size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = descriptor < 0 ? -1 : read(descriptor, text, size - 1);

    if (descriptor >= 0)
        close(descriptor);
    text[got > 0 ? got : 0] = '\0';
    return got > 0 ? 0 : ENOENT;
}

static int file_of(const void *bytes, size_t size)
{
    int descriptor = memfd_create("proc", MFD_CLOEXEC);

    if (write(descriptor, bytes, size) != (ssize_t)size ||
        lseek(descriptor, 0, SEEK_SET) != 0)
        abort();
    return descriptor;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

static void put_time(void *at, uint64_t ns)
{
    AT(long, at, 0) = (long)(ns / 1000000000u);
    AT(long, at, sizeof(long)) = (long)(ns % 1000000000u);
}

static void visit_threads(void (*visit)(pid_t tid, void *arg), void *arg)
{
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;

    while (threads && (entry = readdir(threads))) {
        pid_t tid = atoi(entry->d_name);

        if (tid > 0 && !is_kernel(tid))
            visit(tid, arg);
    }
    if (threads)
        closedir(threads);
}

static void count(pid_t tid, void *arg)
{
    (void)tid;
    ++*(int *)arg;
}

/* Its CPU time, all of it in user mode. */
static int usage(uint64_t cpu_ns)
{
    unsigned char there[ABI_prusage_t] = {0};

    put_time(there + ABI_prusage_t_pr_utime, cpu_ns);
    return file_of(there, sizeof there);
}

static uint64_t cpu_of_kernel(void)
{
    static _Atomic uint64_t last;
    static _Atomic pid_t process;
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;

    if (atomic_exchange(&process, getpid()) != getpid())
        atomic_store(&last, 0);
    while (threads && (entry = readdir(threads)))
        if (is_kernel(atoi(entry->d_name)))
            atomic_store(&last, clock_of(atoi(entry->d_name)));
    if (threads)
        closedir(threads);
    return atomic_load(&last);
}

static int process_usage(void)
{
    return usage(clock_now(CLOCK_PROCESS_CPUTIME_ID) - cpu_of_kernel());
}

/* Field number of /proc/PID/stat, from the third on. */
static unsigned long long field(const char *stat, int number)
{
    const char *at = strrchr(stat, ')');

    for (int i = 2; at && i < number; i++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

static int saved_count;
static char **saved_arguments;

__attribute__((constructor(101))) static void save_arguments(int argc,
                                                             char **argv)
{
    saved_count = argc;
    saved_arguments = argv;
}

static int psinfo(pid_t pid, bool self)
{
    unsigned char there[1024] = {0};
    char path[64], text[1024];
    int threads = 0;
    const char *name;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)(pid ? pid : 1));
    if (text_of(path, text, sizeof text) != 0)
        return fail(ENOENT);
    if (self)
        visit_threads(count, &threads);
    AT(int, there, ABI_psinfo_t_pr_nlwp) = threads;
    AT(int, there, ABI_psinfo_t_pr_ppid) = (int)field(text, 4);
    put_time(there + ABI_psinfo_t_pr_start, field(text, 22) * 10000000u);
    name = strchr(text, '(');
    if (name)
        snprintf((char *)there + ABI_psinfo_t_pr_fname, 16, "%.*s",
                 (int)strcspn(name + 1, ")"), name + 1);
    if (self) {
        AT(int, there, ABI_psinfo_t_pr_argc) = saved_count;
        AT(uintptr_t, there, ABI_psinfo_t_pr_argv) = (uintptr_t)saved_arguments;
    }
    return file_of(there, sizeof there);
}

/* Lines of /proc/self/maps as an array; stack: only what is said of the stack. */
static int maps(bool stack)
{
    static char text[1 << 18];
    unsigned char there[1 << 16] = {0};
    size_t used = 0, got = 0;
    FILE *file = fopen("/proc/self/maps", "r");

    if (file)
        got = fread(text, 1, sizeof text - 1, file);
    if (file)
        fclose(file);
    text[got] = '\0';
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long low, high;

        if (sscanf(line, "%lx-%lx", &low, &high) != 2 ||
            used + ABI_prmap_t > sizeof there)
            continue;
        if (stack && strstr(line, "[stack]")) {
            AT(uintptr_t, there, ABI_pstatus_t_pr_stkbase) = low;
            AT(size_t, there, ABI_pstatus_t_pr_stksize) = high - low;
        } else if (!stack) {
            AT(uintptr_t, there, used + ABI_prmap_t_pr_vaddr) = low;
            AT(size_t, there, used + ABI_prmap_t_pr_size) = high - low;
            used += ABI_prmap_t;
        }
    }
    return file_of(there, stack ? 4096 : used);
}

/* /proc/self/lwp/N/WORD */
static int of_thread(int lwp, const char *word)
{
    unsigned char there[4096] = {0};
    pid_t tid = tid_of(lwp);
    char path[64], text[2048], *at;
    sigset_t blocked;

    snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)tid);
    if (is_kernel(tid) || text_of(path, text, sizeof text) != 0)
        return fail(ENOENT);
    if (strcmp(word, "lwpusage") == 0)
        return usage(clock_of(tid));
    if (strcmp(word, "lwpname") == 0)
        return file_of(text + 6, strcspn(text + 6, "\n"));
    if (strcmp(word, "lwpsinfo") == 0) {
        at = strstr(text, "State:\t");
        AT(char, there, ABI_lwpsinfo_t_pr_sname) = at ? at[7] : 'Z';
        return file_of(there, sizeof there);
    }
    at = strstr(text, "SigBlk:\t");
    sigemptyset(&blocked);
    for (int i = 1; at && i < 32; i++)
        if (strtoull(at + 8, NULL, 16) >> (i - 1) & 1)
            sigaddset(&blocked, i);
    set_there(&blocked, there + ABI_lwpstatus_t_pr_lwphold);
    return file_of(there, sizeof there);
}

static int open_proc(const char *path)
{
    int number;
    char word[16];

    if (strcmp(path, "/proc/self/usage") == 0)
        return process_usage();
    if (strcmp(path, "/proc/self/psinfo") == 0)
        return psinfo(getpid(), true);
    if (strcmp(path, "/proc/self/status") == 0)
        return maps(true);
    if (strcmp(path, "/proc/self/map") == 0)
        return maps(false);
    if (sscanf(path, "/proc/self/lwp/%d/%15s", &number, word) == 2)
        return of_thread(number, word);
    if (sscanf(path, "/proc/%d/%15s", &number, word) == 2 &&
        strcmp(word, "psinfo") == 0)
        return psinfo(number, number == getpid());
    return fail(ENOENT);
}

/* ---- Files ------------------------------------------------------------------------- */

int illumos_open(const char *path, int flags, ...)
{
    mode_t mode;
    va_list list;

    va_start(list, flags);
    mode = va_arg(list, mode_t);
    va_end(list);
    if (strncmp(path, "/proc/", 6) == 0)
        return open_proc(path);
    return (int)syscall(SYS_openat, AT_FDCWD, path,
                        flags_here(flags) | O_LARGEFILE, mode);
}

/* Called in a handler: the address space, and nothing else. */
int illumos_openat64(int folder, const char *path, int flags, ...)
{
    if (folder != (int)ABI_AT_FDCWD || strcmp(path, "/proc/self/as") != 0)
        return fail(ENOENT);
    return (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/mem",
                        flags_here(flags) | O_LARGEFILE, 0);
}

ssize_t illumos_pread64(int descriptor, void *to, size_t size, long long at)
{
    if (loader_moment && is_iterating() && !is_in_handler())
        loader_moment();
    return pread64(descriptor, to, size, at);
}

ssize_t illumos_readlink(const char *path, char *to, size_t size)
{
    return readlink(strcmp(path, "/proc/self/path/a.out") == 0 ? "/proc/self/exe"
                                                               : path,
                    to, size);
}

/* A directory there; of threads, their numbers. */
struct directory {
    DIR *here;
    bool threads;
    unsigned char entry[ABI_struct_dirent_d_name + 256];
};

void *illumos_opendir(const char *path)
{
    bool threads = strcmp(path, "/proc/self/lwp") == 0;
    DIR *here = opendir(threads ? "/proc/self/task" : path);
    struct directory *directory;

    if (!here)
        return NULL;
    directory = calloc(1, sizeof *directory);
    directory->here = here;
    directory->threads = threads;
    return directory;
}

void *illumos_readdir(void *arg)
{
    struct directory *directory = arg;
    char *name = (char *)directory->entry + ABI_struct_dirent_d_name;
    struct dirent64 *entry;

    do
        entry = readdir64(directory->here);
    while (entry && directory->threads && is_kernel(atoi(entry->d_name)));
    if (!entry)
        return NULL;
    if (directory->threads && atoi(entry->d_name) > 0)
        snprintf(name, 256, "%d", lwp_of(atoi(entry->d_name)));
    else
        snprintf(name, 256, "%s", entry->d_name);
    return directory->entry;
}

int illumos_closedir(void *arg)
{
    struct directory *directory = arg;
    int result = closedir(directory->here);

    free(directory);
    return result;
}

static int put_status(int result, const struct stat64 *here, void *there)
{
    if (result != 0)
        return result;
    memset(there, 0, ABI_struct_stat);
    AT(unsigned long, there, ABI_struct_stat_st_dev) =
        (unsigned long)here->st_dev;
    AT(unsigned long, there, ABI_struct_stat_st_ino) =
        (unsigned long)here->st_ino;
    AT(unsigned, there, ABI_struct_stat_st_mode) = here->st_mode;
    AT(unsigned, there, ABI_struct_stat_st_uid) = here->st_uid;
    AT(long, there, ABI_struct_stat_st_size) = (long)here->st_size;
    AT(long, there, ABI_struct_stat_st_mtim) = (long)here->st_mtim.tv_sec;
    return 0;
}

int illumos_stat(const char *path, void *to)
{
    struct stat64 here;

    return put_status(stat64(path, &here), &here, to);
}

int illumos_lstat(const char *path, void *to)
{
    struct stat64 here;

    return put_status(lstat64(path, &here), &here, to);
}

int illumos_fstat(int descriptor, void *to)
{
    struct stat64 here;

    return put_status(fstat64(descriptor, &here), &here, to);
}

/* Two words, of the stack's. */
int illumos_getrlimit(int which, void *limit)
{
    char text[4096], *at;

    if (which != ABI_RLIMIT_STACK)
        return fail(EINVAL);
    if (text_of("/proc/self/limits", text, sizeof text) != 0)
        return -1;
    at = strstr(text, "Max stack size");
    AT(unsigned long, limit, 0) =
        at && strncmp(at + 26, "unlimited", 9) != 0
            ? strtoul(at + 26, NULL, 10)
            : ULONG_MAX - 2;
    AT(unsigned long, limit, sizeof(long)) = ULONG_MAX - 2;
    return 0;
}
