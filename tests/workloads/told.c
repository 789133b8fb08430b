/* SPDX-License-Identifier: BSD-2-Clause */
/* What virtual machines write for profilers, as their documents have it. */
#include "told.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static FILE *map, *dump;
static int late;

static void put(const void *data, size_t size)
{
    if (fwrite(data, 1, size, dump) != size)
        abort();
}

static void put4(uint32_t value)
{
    put(&value, sizeof value);
}

static void put8(uint64_t value)
{
    put(&value, sizeof value);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void put_head(uint32_t kind, size_t body)
{
    put4(kind);
    put4((uint32_t)(16 + body));
    put8(now_ns());
}

static void put_header(void)
{
    put4(0x4A695444);
    put4(1);
    put4(40);
    put4(62); /* x86-64 */
    put4(0);
    put4((uint32_t)getpid());
    put8(now_ns());
    put8(0);
}

static void begin_dump(void)
{
    static char buffer[1 << 20];
    char path[64];

    snprintf(path, sizeof path, "jit-%d.dump", (int)getpid());
    dump = fopen(path, "w+");
    if (!dump || setvbuf(dump, buffer, _IOFBF, sizeof buffer) != 0 ||
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump),
             0) == MAP_FAILED)
        abort();
    put_header();
    fflush(dump);
}

void told_begin(const char *how)
{
    char path[64];

    late = strcmp(how, "late") == 0;
    if (late || strcmp(how, "dump") == 0) {
        begin_dump();
        return;
    }
    snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
    map = fopen(path, "w");
    if (strcmp(how, "map") != 0 || !map)
        abort();
}

/* Lines 10, and 20 from the third byte on. */
static void put_lines(uint64_t at)
{
    static const char file[] = "guest/program.src";

    put_head(2, 16 + 2 * 16 + sizeof file + 2);
    put8(at);
    put8(2);
    put8(at);
    put4(10);
    put4(0);
    put(file, sizeof file);
    put8(at + 2);
    put4(20);
    put4(0);
    put("\xff", 2);
}

/* An .eh_frame that is to lie behind the code, as V8 and CPython write it; of its
 * header nobody has a need. */
void told_frame(size_t bytes, const unsigned char program[6])
{
    static const uint8_t cie[24] = {20,   0, 0, 0, 0,    0, 0,    0,
                                    1,    'z', 'R', 0, 1, 0x78, 16, 1,
                                    0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0};
    static const uint8_t header[20];
    const size_t padded = (bytes + 7) & ~(size_t)7;

    if (!dump)
        return;
    put_head(4, 24 + 2 * sizeof cie + 4 + sizeof header);
    put8(2 * sizeof cie + 4 + sizeof header);
    put8(sizeof header);
    put8(0);
    put(cie, sizeof cie);
    put4(20);
    put4(sizeof cie + 4);
    put4(-(uint32_t)(padded + sizeof cie + 8));
    put4((uint32_t)bytes);
    put("", 1);
    put(program, 6);
    put("", 1);
    put4(0);
    put(header, sizeof header);
}

void told_code(const void *at, size_t bytes, const char *name)
{
    if (map) {
        fprintf(map, "%lx %zx %s\n", (unsigned long)at, bytes, name);
        fflush(map);
    }
    if (!dump)
        return;
    put_lines((uintptr_t)at);
    put_head(0, 40 + strlen(name) + 1 + bytes);
    put4((uint32_t)getpid());
    put4((uint32_t)getpid());
    put8((uintptr_t)at);
    put8((uintptr_t)at);
    put8(bytes);
    put8(1);
    put(name, strlen(name) + 1);
    put(at, bytes);
    if (!late)
        fflush(dump);
}

void told_move(const void *from, const void *to, size_t bytes)
{
    if (!dump)
        return;
    put_head(1, 48);
    put4((uint32_t)getpid());
    put4((uint32_t)getpid());
    put8((uintptr_t)to);
    put8((uintptr_t)from);
    put8((uintptr_t)to);
    put8(bytes);
    put8(1);
    if (!late)
        fflush(dump);
}

void told_torn(void)
{
    put_head(0, 100);
    fflush(dump);
}
