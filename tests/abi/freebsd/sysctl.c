/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD's sysctl(3), made of Linux' /proc. */
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int freebsd_sysctl(const int *name, unsigned words, void *to, size_t *size,
                   const void *set, size_t set_size);

/* An answer in the making. */
struct answer {
    char *to;
    size_t room, used;
};

static char *take(struct answer *answer, size_t bytes)
{
    char *at = answer->to + answer->used;

    answer->used += bytes;
    if (answer->used > answer->room)
        return NULL; /* the caller has to ask again */
    memset(at, 0, bytes);
    return at;
}

static int text_of(const char *path, char *text, size_t size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = descriptor < 0 ? -1 : read(descriptor, text, size - 1);

    if (descriptor >= 0)
        close(descriptor);
    text[got > 0 ? got : 0] = '\0';
    return got > 0 ? (int)got : 0;
}

/* Field number of a stat file, from the third on. */
static unsigned long long field(const char *stat, int number)
{
    const char *at = strrchr(stat, ')');

    for (int i = 2; at && i < number; i++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

static uint64_t boot_us(void)
{
    return (clock_now(CLOCK_REALTIME) - clock_now(CLOCK_BOOTTIME)) / 1000000000u *
           1000000u;
}

static void put_time(char *at, uint64_t us)
{
    AT(time_t, at, 0) = (time_t)(us / 1000000u);
    AT(long, at, sizeof(time_t)) = (long)(us % 1000000u);
}

static void put_process(char *there, pid_t pid, pid_t tid, unsigned threads)
{
    char path[64], text[2048], *at;
    sigset_t blocked;

    AT(int, there, 0) = ABI_struct_kinfo_proc;
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    text_of(path, text, sizeof text);
    at = strrchr(text, ')');
    AT(int, there, ABI_struct_kinfo_proc_ki_ppid) = (int)field(text, 4);
    AT(char, there, ABI_struct_kinfo_proc_ki_stat) =
        at && at[2] == 'Z' ? ABI_SZOMB : 3;
    put_time(there + ABI_struct_kinfo_proc_ki_start,
             boot_us() + field(text, 22) * 10000u);
    AT(int, there, ABI_struct_kinfo_proc_ki_numthreads) = (int)threads;
    AT(int, there, ABI_struct_kinfo_proc_ki_tid) = FIRST_THREAD + tid;
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)tid);
    text_of(path, text, sizeof text);
    snprintf(there + ABI_struct_kinfo_proc_ki_tdname, 17, "%.*s",
             (int)strcspn(text + 6, "\n"), text + 6);
    at = strstr(text, "SigBlk:\t");
    sigemptyset(&blocked);
    for (int i = 1; at && i < 32; i++)
        if (strtoull(at + 8, NULL, 16) >> (i - 1) & 1)
            sigaddset(&blocked, i);
    set_there(&blocked, there + ABI_struct_kinfo_proc_ki_sigmask);
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    text_of(path, text, sizeof text);
    snprintf(there + ABI_struct_kinfo_proc_ki_comm, 20, "%.*s",
             (int)strcspn(text, "\n"), text);
}

static void put_threads(struct answer *answer, pid_t pid, bool all)
{
    char path[64], *there;
    struct dirent *entry;
    unsigned count = 0;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    threads = opendir(path);
    while (threads && (entry = readdir(threads)))
        count += atoi(entry->d_name) > 0;
    if (threads && all)
        rewinddir(threads);
    while (threads && all && (entry = readdir(threads)))
        if (atoi(entry->d_name) > 0 &&
            (there = take(answer, ABI_struct_kinfo_proc)))
            put_process(there, pid, atoi(entry->d_name), count);
    if (threads && !all && (there = take(answer, ABI_struct_kinfo_proc)))
        put_process(there, pid, pid, count);
    if (threads)
        closedir(threads);
}

static void put_mappings(struct answer *answer)
{
    FILE *file = fopen("/proc/self/maps", "r");
    char line[5000], rights[8], path[4096], *there;
    unsigned long low, high;

    while (file && fgets(line, sizeof line, file)) {
        size_t size;

        path[0] = '\0';
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %4095s", &low, &high, rights,
                   path) < 3)
            continue;
        size = (ABI_struct_kinfo_vmentry_kve_path + strlen(path) + 8) & ~(size_t)7;
        there = take(answer, size);
        if (!there)
            continue;
        AT(int, there, 0) = (int)size;
        AT(uint64_t, there, ABI_struct_kinfo_vmentry_kve_start) = low;
        AT(uint64_t, there, ABI_struct_kinfo_vmentry_kve_end) = high;
        AT(int, there, ABI_struct_kinfo_vmentry_kve_protection) =
            rights[2] == 'x' ? ABI_KVME_PROT_EXEC : 0;
        strcpy(there + ABI_struct_kinfo_vmentry_kve_path, path);
    }
    if (file)
        fclose(file);
}

static void put_text(struct answer *answer, const char *text, size_t size)
{
    char *there = take(answer, size);

    if (there)
        memcpy(there, text, size);
}

static bool of_process(const int *name, struct answer *answer)
{
    char text[4096];
    ssize_t got;

    if (name[2] == (ABI_KERN_PROC_PID | ABI_KERN_PROC_INC_THREAD) ||
        name[2] == ABI_KERN_PROC_PID) {
        put_threads(answer, name[3], name[2] != ABI_KERN_PROC_PID);
    } else if (name[2] == ABI_KERN_PROC_VMMAP) {
        put_mappings(answer);
    } else if (name[2] == ABI_KERN_PROC_ARGS) {
        put_text(answer, text,
                 (size_t)text_of("/proc/self/cmdline", text, sizeof text));
    } else if (name[2] == ABI_KERN_PROC_PATHNAME && name[3] == -1) {
        got = readlink("/proc/self/exe", text, sizeof text - 1);
        text[got > 0 ? got : 0] = '\0';
        put_text(answer, text, strlen(text) + 1);
    } else {
        return false;
    }
    return true;
}

static uintptr_t end_of_stack(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    unsigned long low, high = 0;
    char line[5000];

    while (file && fgets(line, sizeof line, file))
        if (strstr(line, "[stack]"))
            sscanf(line, "%lx-%lx", &low, &high);
    if (file)
        fclose(file);
    return high;
}

static bool of_kernel(int what, struct answer *answer)
{
    struct timespec step;
    char *there;

    if (what == ABI_KERN_CLOCKRATE) {
        there = take(answer, ABI_struct_clockinfo);
        clock_getres(CLOCK_MONOTONIC_COARSE, &step);
        if (there)
            AT(int, there, ABI_struct_clockinfo_stathz) =
                (int)(1000000000 / step.tv_nsec);
    } else if (what == ABI_KERN_BOOTTIME) {
        there = take(answer, sizeof(struct timeval));
        if (there)
            put_time(there, boot_us());
    } else if (what == ABI_KERN_USRSTACK) {
        there = take(answer, sizeof(uintptr_t));
        if (there)
            AT(uintptr_t, there, 0) = end_of_stack();
    } else {
        return false;
    }
    return true;
}

int freebsd_sysctl(const int *name, unsigned words, void *to, size_t *size,
                   const void *set, size_t set_size)
{
    struct answer answer = {to, *size, 0};
    bool known = name[0] == ABI_CTL_KERN && !set && set_size == 0;

    if (known && words == 4 && name[1] == ABI_KERN_PROC)
        known = of_process(name, &answer);
    else
        known = known && words == 2 && of_kernel(name[1], &answer);
    if (!known)
        abort(); /* nothing that we play */
    *size = answer.used;
    if (answer.used > answer.room) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}
