/* SPDX-License-Identifier: BSD-2-Clause */
/* What macOS tells of threads, memory and processes; see system.h. The port of a thread
 * is Linux' id of it. */
#include "system.h"

#include <errno.h>
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define KERN_FAILURE 5

long text_of(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t got = file ? fread(text, 1, size - 1, file) : 0;

    text[got] = '\0';
    if (file)
        fclose(file);
    return (long)got;
}

/* ---- Threads ---------------------------------------------------------------------- */

unsigned darwin_mach_task_self_ = 259;

int darwin_task_threads(unsigned task, unsigned **list, unsigned *count);
int darwin_thread_info(unsigned port, unsigned what, void *info,
                       unsigned *words);
int darwin_mach_port_deallocate(unsigned task, unsigned port);
int darwin_vm_deallocate(unsigned task, uintptr_t at, size_t bytes);
void *darwin_pthread_from_mach_thread_np(unsigned port);
int darwin_pthread_threadid_np(void *thread, uint64_t *id);

int darwin_task_threads(unsigned task, unsigned **list, unsigned *count)
{
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;
    size_t room = 16;

    (void)task;
    *count = 0;
    *list = malloc(room * sizeof **list);
    while (threads && (entry = readdir(threads))) {
        if (atoi(entry->d_name) <= 0)
            continue;
        if (*count == room)
            *list = realloc(*list, (room *= 2) * sizeof **list);
        (*list)[(*count)++] = (unsigned)atoi(entry->d_name);
    }
    if (threads)
        closedir(threads);
    return 0;
}

/* As if half of it had been in the kernel, to the microsecond. */
static int put_times(unsigned port, void *info)
{
    clockid_t clock = (clockid_t)(~port << 3 | 6);
    char path[64], status[512];
    struct timespec now;
    long half_us;

    if (clock_gettime(clock, &now) != 0)
        return KERN_FAILURE;
    snprintf(path, sizeof path, "/proc/self/task/%u/stat", port);
    if (text_of(path, status, sizeof status) <= 0)
        return KERN_FAILURE;
    memset(info, 0, ABI_thread_basic_info_data_t);
    AT(int, info, ABI_thread_basic_info_data_t_run_state) =
        strstr(status, ") R") ? ABI_TH_STATE_RUNNING : 3;
    half_us = now.tv_sec % 2 * 500000 + now.tv_nsec / 2000;
    for (int i = 0; i < 2; i++) {
        AT(int, info, 8 * i) = (int)(now.tv_sec / 2 + half_us / 1000000);
        AT(int, info, 8 * i + 4) = (int)(half_us % 1000000);
    }
    return 0;
}

static int put_thread_name(unsigned port, void *info)
{
    char path[64], name[64];

    snprintf(path, sizeof path, "/proc/self/task/%u/comm", port);
    if (text_of(path, name, sizeof name) <= 0)
        return KERN_FAILURE;
    name[strcspn(name, "\n")] = '\0';
    memset(info, 0, ABI_thread_extended_info_data_t);
    strcpy(&AT(char, info, ABI_thread_extended_info_data_t_pth_name), name);
    return 0;
}

int darwin_thread_info(unsigned port, unsigned what, void *info,
                       unsigned *words)
{
    if (what == ABI_THREAD_BASIC_INFO && *words == ABI_THREAD_BASIC_INFO_COUNT)
        return put_times(port, info);
    if (what == ABI_THREAD_EXTENDED_INFO &&
        *words == ABI_THREAD_EXTENDED_INFO_COUNT)
        return put_thread_name(port, info);
    if (what != ABI_THREAD_IDENTIFIER_INFO ||
        *words != ABI_THREAD_IDENTIFIER_INFO_COUNT)
        abort();
    memset(info, 0, ABI_thread_identifier_info_data_t);
    AT(uint64_t, info, 0) = FIRST_THREAD + (uint64_t)port;
    return 0;
}

int darwin_mach_port_deallocate(unsigned task, unsigned port)
{
    return task == darwin_mach_task_self_ && port ? 0 : KERN_FAILURE;
}

int darwin_vm_deallocate(unsigned task, uintptr_t at, size_t bytes)
{
    (void)task;
    (void)bytes;
    free((void *)at);
    return 0;
}

void *darwin_pthread_from_mach_thread_np(unsigned port)
{
    return (void *)(uintptr_t)port;
}

int darwin_pthread_threadid_np(void *thread, uint64_t *id)
{
    if (thread)
        abort();
    *id = FIRST_THREAD + (uint64_t)syscall(SYS_gettid);
    return 0;
}

/* ---- Memory ----------------------------------------------------------------------- */

/* qemu-user has no process_vm_readv. A write refuses what is not there. */
static bool copy_by_pipe(uintptr_t from, char *to, size_t bytes)
{
    int ends[2];
    size_t at = 0;

    if (pipe(ends) != 0)
        return false;
    while (at < bytes) {
        size_t part = bytes - at < 4096 ? bytes - at : 4096;

        if (write(ends[1], (const void *)(from + at), part) != (ssize_t)part ||
            read(ends[0], to + at, part) != (ssize_t)part)
            break;
        at += part;
    }
    close(ends[0]);
    close(ends[1]);
    return at == bytes;
}

bool copy_safely(uintptr_t from, void *to, size_t bytes)
{
    struct iovec local = {to, bytes}, remote = {(void *)from, bytes};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

    return got < 0 && errno == ENOSYS ? copy_by_pipe(from, to, bytes)
                                      : got == (ssize_t)bytes;
}

int darwin_vm_read_overwrite(unsigned task, uintptr_t at, size_t bytes,
                             uintptr_t to, size_t *got);
int darwin_vm_region_64(unsigned task, uintptr_t *at, size_t *bytes, int what,
                        void *info, unsigned *words, unsigned *object);
int darwin_proc_regionfilename(int pid, uint64_t at, char *path,
                               uint32_t size);
void *darwin_pthread_get_stackaddr_np(void *thread);
size_t darwin_pthread_get_stacksize_np(void *thread);
int darwin_getrlimit(int which, void *limit);

int darwin_vm_read_overwrite(unsigned task, uintptr_t at, size_t bytes,
                             uintptr_t to, size_t *got)
{
    if (task != darwin_mach_task_self_ || !copy_safely(at, (void *)to, bytes))
        return KERN_FAILURE;
    *got = bytes;
    return 0;
}

struct mapping {
    unsigned long low, high;
    char rights[8], path[4096];
};

/* The first that ends above an address. */
static bool find_mapping(uintptr_t at, struct mapping *mapping)
{
    FILE *file = fopen("/proc/self/maps", "r");
    char line[5000];
    bool found = false;

    while (file && !found && fgets(line, sizeof line, file)) {
        mapping->path[0] = '\0';
        found = sscanf(line, "%lx-%lx %7s %*s %*s %*s %4095s", &mapping->low,
                       &mapping->high, mapping->rights, mapping->path) >= 3 &&
                mapping->high > at;
    }
    if (file)
        fclose(file);
    return found;
}

int darwin_vm_region_64(unsigned task, uintptr_t *at, size_t *bytes, int what,
                        void *info, unsigned *words, unsigned *object)
{
    struct mapping mapping;

    if (task != darwin_mach_task_self_ || what != ABI_VM_REGION_BASIC_INFO_64 ||
        *words != ABI_VM_REGION_BASIC_INFO_COUNT_64)
        abort();
    if (!find_mapping(*at, &mapping))
        return 1;
    *at = mapping.low;
    *bytes = mapping.high - mapping.low;
    *object = 0;
    memset(info, 0, ABI_vm_region_basic_info_data_64_t);
    AT(int, info, 0) = (mapping.rights[0] == 'r' ? ABI_VM_PROT_READ : 0) |
                       (mapping.rights[2] == 'x' ? ABI_VM_PROT_EXECUTE : 0);
    return 0;
}

int darwin_proc_regionfilename(int pid, uint64_t at, char *path, uint32_t size)
{
    struct mapping mapping;

    if (pid != getpid() || !find_mapping(at, &mapping) || mapping.low > at ||
        mapping.path[0] != '/')
        return 0;
    return snprintf(path, size, "%s", mapping.path);
}

static void stack_of_self(char **low, size_t *bytes)
{
    pthread_attr_t here;

    if (pthread_getattr_np(pthread_self(), &here) != 0)
        abort();
    pthread_attr_getstack(&here, (void **)low, bytes);
    pthread_attr_destroy(&here);
}

/* The upper end. */
void *darwin_pthread_get_stackaddr_np(void *thread)
{
    char *low;
    size_t bytes;

    if ((pthread_t)thread != pthread_self())
        abort();
    stack_of_self(&low, &bytes);
    return low + bytes;
}

size_t darwin_pthread_get_stacksize_np(void *thread)
{
    char *low;
    size_t bytes;

    (void)thread;
    stack_of_self(&low, &bytes);
    return bytes;
}

int darwin_getrlimit(int which, void *limit)
{
    struct rlimit here;

    if (which != ABI_RLIMIT_STACK || getrlimit(RLIMIT_STACK, &here) != 0)
        return -1;
    AT(uint64_t, limit, 0) = here.rlim_cur & INT64_MAX;
    AT(uint64_t, limit, 8) = here.rlim_max & INT64_MAX;
    return 0;
}

/* ---- Processes ---------------------------------------------------------------------- */

int darwin_proc_pidinfo(int pid, int what, uint64_t arg, void *info, int size);
int darwin_proc_pidpath(int pid, char *path, uint32_t size);
int darwin_sysctl(int *name, unsigned words, void *to, size_t *size,
                  const void *set, size_t set_size);
int darwin_sysctlbyname(const char *name, void *to, size_t *size,
                        const void *set, size_t set_size);
size_t darwin_confstr(int what, char *text, size_t size);
void *darwin_dlopen(const char *path, int flags);
void *darwin_dlsym(void *handle, const char *name);

/* Microseconds, roughly; equal for one process. */
static uint64_t start_us(const char *status)
{
    unsigned long long ticks = 0;
    const char *at = strrchr(status, ')');

    if (at)
        sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
                       "%*d %*d %*d %*d %*d %llu",
               &ticks);
    return 1600000000000000u + ticks * 10000;
}

int darwin_proc_pidinfo(int pid, int what, uint64_t arg, void *info, int size)
{
    char path[64], status[1024], *name, *end;
    int parent = 0;

    if (what != ABI_PROC_PIDTBSDINFO || arg != 0 ||
        size != ABI_struct_proc_bsdinfo)
        abort();
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    errno = ESRCH;
    if (text_of(path, status, sizeof status) <= 0)
        return 0;
    name = strchr(status, '(') + 1;
    end = strrchr(status, ')');
    sscanf(end + 2, "%*c %d", &parent);
    memset(info, 0, ABI_struct_proc_bsdinfo);
    AT(uint32_t, info, ABI_struct_proc_bsdinfo_pbi_ppid) = (uint32_t)parent;
    snprintf(&AT(char, info, ABI_struct_proc_bsdinfo_pbi_name), 32, "%.*s",
             (int)(end - name), name);
    AT(uint64_t, info, ABI_struct_proc_bsdinfo_pbi_start_tvsec) =
        start_us(status) / 1000000;
    AT(uint64_t, info, ABI_struct_proc_bsdinfo_pbi_start_tvusec) =
        start_us(status) % 1000000;
    return size;
}

int darwin_proc_pidpath(int pid, char *path, uint32_t size)
{
    ssize_t got = pid == getpid() ? readlink("/proc/self/exe", path, size - 1) : 0;

    path[got > 0 ? got : 0] = '\0';
    return (int)got;
}

/* The number of arguments, the program's path, padding, the arguments; then the
 * environment. */
static int put_arguments(char *to, size_t *size)
{
    char line[65536], path[4096];
    int count = 0;
    size_t got = (size_t)text_of("/proc/self/cmdline", line, sizeof line);
    size_t at = sizeof count;

    if (darwin_proc_pidpath(getpid(), path, sizeof path) <= 0 ||
        *size < sizeof count + strlen(path) + 8 + got)
        return -1;
    for (size_t i = 0; i < got; i++)
        count += !line[i];
    memcpy(to, &count, sizeof count);
    strcpy(to + at, path);
    at += strlen(path) + 1;
    for (; at % 8; at++)
        to[at] = '\0';
    memcpy(to + at, line, got);
    strcpy(to + at + got, "HOME=/");
    *size = at + got + 7;
    return 0;
}

static uintptr_t end_of_stack(void)
{
    struct mapping mapping = {.high = 0};

    while (find_mapping(mapping.high, &mapping))
        if (strcmp(mapping.path, "[stack]") == 0)
            return mapping.high;
    return 0;
}

int darwin_sysctl(int *name, unsigned words, void *to, size_t *size,
                  const void *set, size_t set_size)
{
    if (name[0] != ABI_CTL_KERN || set || set_size)
        abort();
    if (words == 3 && name[1] == ABI_KERN_PROCARGS2 && name[2] == getpid())
        return put_arguments(to, size);
    if (words != 2 || name[1] != ABI_KERN_USRSTACK64 || *size != 8)
        abort();
    AT(uint64_t, to, 0) = end_of_stack();
    return 0;
}

int darwin_sysctlbyname(const char *name, void *to, size_t *size,
                        const void *set, size_t set_size)
{
    if (strcmp(name, "kern.bootsessionuuid") != 0 || set || set_size)
        abort();
    *size = (size_t)text_of("/proc/sys/kernel/random/boot_id", to, *size);
    AT(char, to, strcspn(to, "\n")) = '\0';
    return *size ? 0 : -1;
}

size_t darwin_confstr(int what, char *text, size_t size)
{
    if (what != ABI__CS_DARWIN_USER_TEMP_DIR)
        abort();
    return (size_t)snprintf(text, size, "/tmp/") + 1;
}

/* RTLD_NOW | RTLD_LOCAL: there 2 and 4. */
void *darwin_dlopen(const char *path, int flags)
{
    return dlopen(path, flags == (ABI_RTLD_NOW | ABI_RTLD_LOCAL) ? RTLD_NOW : 0);
}

void *darwin_dlsym(void *handle, const char *name)
{
    (void)handle;
    (void)name;
    return NULL;
}
