/* SPDX-License-Identifier: BSD-2-Clause */
/* What a BSD's sysctl(3) tells, read from Linux' /proc. */
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

char *take(struct answer *answer, size_t bytes)
{
    char *at = answer->to + answer->used;

    answer->used += bytes;
    if (answer->used > answer->room)
        return NULL; /* the caller has to ask again */
    memset(at, 0, bytes);
    return at;
}

void put_text(struct answer *answer, const char *text, size_t size)
{
    char *there = take(answer, size);

    if (there)
        memcpy(there, text, size);
}

int text_of(const char *path, char *text, size_t size)
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

static unsigned count_threads(pid_t pid)
{
    char path[64];
    struct dirent *entry;
    unsigned count = 0;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    threads = opendir(path);
    while (threads && (entry = readdir(threads)))
        count += atoi(entry->d_name) > 0;
    if (threads)
        closedir(threads);
    return count;
}

void tell(pid_t pid, pid_t tid, struct told *told)
{
    char path[64], text[2048], *at;

    memset(told, 0, sizeof *told);
    told->pid = pid;
    told->tid = tid;
    told->threads = count_threads(pid);
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    text_of(path, text, sizeof text);
    at = strrchr(text, ')');
    told->state = at ? at[2] : 'Z';
    told->parent = (pid_t)field(text, 4);
    told->start_us = boot_us() + field(text, 22) * 10000u;
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)tid);
    text_of(path, text, sizeof text);
    snprintf(told->name, 16, "%.*s", (int)strcspn(text + 6, "\n"), text + 6);
    at = strstr(text, "SigBlk:\t");
    sigemptyset(&told->blocked);
    for (int i = 1; at && i < 32; i++)
        if (strtoull(at + 8, NULL, 16) >> (i - 1) & 1)
            sigaddset(&told->blocked, i);
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    text_of(path, text, sizeof text);
    snprintf(told->comm, 16, "%.*s", (int)strcspn(text, "\n"), text);
}

void each_thread(pid_t pid, void (*visit)(const struct told *told, void *arg),
                 void *arg)
{
    char path[64];
    struct dirent *entry;
    struct told told;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    threads = opendir(path);
    while (threads && (entry = readdir(threads)))
        if (atoi(entry->d_name) > 0) {
            tell(pid, atoi(entry->d_name), &told);
            visit(&told, arg);
        }
    if (threads)
        closedir(threads);
}

void each_mapping(void (*visit)(const struct told_mapping *mapping, void *arg),
                  void *arg)
{
    FILE *file = fopen("/proc/self/maps", "r");
    struct told_mapping mapping;
    char line[5000], rights[8];

    while (file && fgets(line, sizeof line, file)) {
        mapping.path[0] = '\0';
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %4095s", &mapping.low,
                   &mapping.high, rights, mapping.path) < 3)
            continue;
        mapping.prot = (rights[0] == 'r') | (rights[1] == 'w') << 1 |
                       (rights[2] == 'x') << 2;
        visit(&mapping, arg);
    }
    if (file)
        fclose(file);
}

static void take_stack(const struct told_mapping *mapping, void *arg)
{
    if (strcmp(mapping->path, "[stack]") == 0)
        *(uintptr_t *)arg = mapping->high;
}

uintptr_t end_of_stack(void)
{
    uintptr_t high = 0;

    each_mapping(take_stack, &high);
    return high;
}

static int ticks_a_second(void)
{
    struct timespec step;

    clock_getres(CLOCK_MONOTONIC_COARSE, &step);
    return (int)(1000000000 / step.tv_nsec);
}

/* ---- What all tell -------------------------------------------------------------- */

void put_word(struct answer *answer, uintptr_t word)
{
    char *there = take(answer, sizeof word);

    if (there)
        AT(uintptr_t, there, 0) = word;
}

void put_boot(struct answer *answer)
{
    char *there = take(answer, ABI_struct_timeval);

    if (there)
        AT(time_there, there, 0) = (time_there)(boot_us() / 1000000u);
}

void put_rate(struct answer *answer)
{
    char *there = take(answer, RATE_BYTES);

    if (there)
        AT(int, there, RATE_AT) = ticks_a_second();
}

void put_program(struct answer *answer)
{
    char text[4096];
    ssize_t got = readlink("/proc/self/exe", text, sizeof text - 1);

    text[got > 0 ? got : 0] = '\0';
    put_text(answer, text, strlen(text) + 1);
}

void put_command_line(struct answer *answer)
{
    char text[4096];

    put_text(answer, text,
             (size_t)text_of("/proc/self/cmdline", text, sizeof text));
}

int PLAYED(sysctl)(const int *name, unsigned words, void *to, size_t *size,
                   const void *set, size_t set_size);

int PLAYED(sysctl)(const int *name, unsigned words, void *to, size_t *size,
                   const void *set, size_t set_size)
{
    struct answer answer = {to, *size, 0};

    if (set || set_size != 0 || !answer_to(name, words, &answer))
        abort(); /* nothing that we play */
    *size = answer.used;
    if (answer.used <= answer.room)
        return 0;
    errno = ENOMEM;
    return -1;
}
