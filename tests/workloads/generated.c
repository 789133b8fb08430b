/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code made at run time, known to the profiler by sigprof/jit.h, or by what virtual
 * machines write for profilers (told.h). usage:
 * workload-generated fp|leaf|frame|cfi|moved|reused MILLISECONDS [map|dump|late]
 *
 * Three functions spin 50:30:20, each by a chain main -> outer -> one of them, and
 * the CPU time of each is printed in nanoseconds.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "emit.h"
#include "sigprof/jit.h"
#include "told.h"

static uint8_t *area;
static bool by_file;
static const char *const names[3] = {"hot_a", "hot_b", "hot_c"};
static const struct sigprof_code_line lines[] = {{0, 10}, {2, 20}};

/* Tables are of use once the library has read them: now, that is. */
static void tell_by_file(const uint8_t *at, size_t bytes, const char *name,
                         const char *kind)
{
    void *symbol = dlsym(RTLD_DEFAULT, "sigprof_flush");
    int (*flush)(void);
    uint8_t program[6];

    memcpy(&flush, &symbol, sizeof flush);
    emit_program(program, bytes);
    if (strcmp(kind, "cfi") == 0)
        told_frame(bytes, program);
    told_code(at, bytes, name);
    if (strcmp(kind, "cfi") == 0 && flush && flush() != 0)
        abort();
}

static void tell(const uint8_t *at, size_t bytes, const char *name,
                 const char *kind)
{
    uint8_t tables[128];
    struct sigprof_code code = {.size = sizeof code,
                                .start = at,
                                .bytes = bytes,
                                .name = name,
                                .file = "guest/program.src",
                                .line = 1,
                                .lines = lines,
                                .line_count = 2};

    if (by_file) {
        tell_by_file(at, bytes, name, kind);
        return;
    }
    if (strcmp(kind, "frame") == 0 || strcmp(kind, "leaf") == 0) {
        code.unwind = SIGPROF_CODE_FRAME;
        code.frame_bytes = kind[0] == 'f' ? 24 : 0;
    } else if (strcmp(kind, "cfi") == 0) {
        code.unwind = SIGPROF_CODE_CFI;
        code.eh_frame_bytes = emit_tables(tables, at, bytes);
        code.eh_frame = tables;
    }
    if (SIGPROF_JIT_PRESENT && sigprof_code_register(&code) != 0)
        abort();
}

static void tell_move(const uint8_t *from, const uint8_t *to)
{
    if (by_file)
        told_move(from, to, CODE_BYTES);
    else if (SIGPROF_JIT_PRESENT && sigprof_code_move(from, to) != 0)
        abort();
}

static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

__attribute__((noinline)) static uint64_t outer(const uint8_t *code,
                                                uint64_t ns)
{
    spin_function *spin;
    uint64_t from = cpu_ns(), now = from;

    memcpy(&spin, &code, sizeof spin);
    while (now - from < ns) {
        spin(200000);
        now = cpu_ns();
    }
    return now - from;
}

/* One of the three for its part of a round, at a place of its own; or all at the
 * same; or somewhere else each time. */
static uint64_t turn(unsigned which, unsigned round, const char *kind,
                     uint64_t ns)
{
    bool reused = strcmp(kind, "reused") == 0, moved = strcmp(kind, "moved") == 0;
    uint8_t *at = area + (reused ? 0 : which * CODE_BYTES);
    uint64_t spent;

    if (reused || (moved && round == 0) || (!moved && round == 0)) {
        size_t bytes = emit(at, kind);

        tell(at, bytes, names[which], kind);
    } else if (moved) {
        uint8_t *old = at + ((round - 1) % 2) * 4096;

        at += (round % 2) * 4096;
        memcpy(at, old, CODE_BYTES);
        tell_move(old, at);
    }
    spent = outer(at, ns);
    if (reused && !by_file && SIGPROF_JIT_PRESENT && sigprof_code_free(at) != 0)
        abort();
    return spent;
}

int main(int argc, char **argv)
{
    static const unsigned percent[3] = {50, 30, 20};
    uint64_t spent[3] = {0};

    if (argc != 3 && argc != 4)
        return 2;
    by_file = argc == 4;
    if (by_file)
        told_begin(argv[3]);
    area = mmap(NULL, 16384, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        return 1;
    for (unsigned round = 0; round < 10; round++)
        for (unsigned i = 0; i < 3; i++)
            spent[i] += turn(i, round, argv[1],
                             strtoull(argv[2], NULL, 10) * 1000 * percent[i]);
    for (unsigned i = 0; i < 3; i++)
        printf("%s %llu\n", names[i], (unsigned long long)spent[i]);
    return 0;
}
