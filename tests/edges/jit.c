/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that makes code at run time, and tells of it as virtual machines do. The
 * code calls leaf(), which raises a tick of the library's. usage: jit MEMORY STEP…
 *
 * MEMORY: anonymous, named or memfd. There are two places for code, 0 and 1. Steps:
 *   dump            begins a jitdump
 *   map TEXT        a line of /tmp/perf-PID.map; in TEXT, %0 and %1 are the places in
 *                   hexadecimal, %% a percent sign; without an end if TEXT ends in \
 *   code PLACE NAME a jitdump's record of code there
 *   move            a jitdump's record: what was in place 0 is in place 1
 *   torn            the beginning of a jitdump's record
 *   run PLACE       calls the code there
 *   own UID         the map is that user's; old: it was written long ago
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/ticks.h"
#include "workloads/told.h"

#define PLACE_BYTES 64
#define CODE_BYTES 17

static struct ticks_thread self;
static volatile int sink;
static char *writable, *places;
static char map_path[64];

__attribute__((noinline)) static void leaf(void)
{
    ticks_raise(&self);
    sink++;
}

/* push %rbp; mov %rsp,%rbp; movabs $leaf,%rax; call *%rax; pop %rbp; ret */
static void make_code(char *at)
{
    uint64_t target = (uintptr_t)leaf;

    memcpy(at, "\x55\x48\x89\xe5\x48\xb8", 6);
    memcpy(at + 6, &target, 8);
    memcpy(at + 14, "\xff\xd0\x5d\xc3", 4);
}

static void make_places(const char *memory)
{
    int file = strcmp(memory, "memfd") == 0 ? memfd_create("JIT", 0) : -1;
    int flags = file >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;

    if (file >= 0 && ftruncate(file, 4096) != 0)
        exit(3);
    writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, file, 0);
    make_code(writable);
    make_code(writable + PLACE_BYTES);
    places = writable;
    if (file >= 0)
        places = mmap(NULL, 4096, PROT_READ | PROT_EXEC, flags, file, 0);
    else if (mprotect(writable, 4096, PROT_READ | PROT_EXEC) != 0)
        exit(3);
#ifdef PR_SET_VMA
    if (strcmp(memory, "named") == 0)
        prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, places, 4096, "JIT code");
#endif
    if (places == MAP_FAILED)
        exit(3);
}

static char *place(const char *number)
{
    return places + atoi(number) * PLACE_BYTES;
}

static void write_map(const char *text)
{
    FILE *map = fopen(map_path, "a");

    if (!map)
        exit(3);
    for (; *text && strcmp(text, "\\") != 0; text++)
        if (*text == '%' && text[1] != '%')
            fprintf(map, "%lx", (unsigned long)place(++text));
        else
            putc(*text == '%' ? *++text : *text, map);
    if (!*text)
        putc('\n', map);
    fclose(map);
}

static char **step(char **at)
{
    if (strcmp(*at, "dump") == 0) {
        told_begin("dump");
    } else if (strcmp(*at, "map") == 0) {
        write_map(*++at);
    } else if (strcmp(*at, "code") == 0) {
        told_code(place(at[1]), CODE_BYTES + 1, at[2]);
        at += 2;
    } else if (strcmp(*at, "move") == 0) {
        told_move(place("0"), place("1"), CODE_BYTES + 1);
    } else if (strcmp(*at, "torn") == 0) {
        told_torn();
    } else if (strcmp(*at, "run") == 0) {
        ((void (*)(void))(uintptr_t)place(*++at))();
    } else if (strcmp(*at, "own") == 0) {
        if (chown(map_path, (uid_t)atoi(*++at), (gid_t)-1) != 0)
            exit(3);
    } else if (strcmp(*at, "old") == 0) {
        struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};

        utimensat(AT_FDCWD, map_path, long_ago, 0);
    } else {
        exit(2);
    }
    return at + 1;
}

int main(int argc, char **argv)
{
    struct ticks_thread threads[4];
    unsigned count = ticks_threads(threads, 4);

    for (unsigned i = 0; i < count; i++)
        if (threads[i].tid == getpid())
            self = threads[i];
    if (argc < 2 || !self.value)
        return 2;
    snprintf(map_path, sizeof map_path, "/tmp/perf-%d.map", (int)getpid());
    unlink(map_path); /* a process of the same pid may have left one */
    make_places(argv[1]);
    printf("%s\n", map_path);
    fflush(stdout);
    for (char **at = argv + 2; *at;)
        at = step(at);
    return 0;
}
