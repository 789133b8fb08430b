/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file /tmp/perf-PID.map: a line each, START SIZE NAME, both numbers
 * hexadecimal, the name up to the end of the line. It has no times; a later line
 * is over an earlier one. See told.h.
 */
#ifndef SIGPROF_JIT_PERF_MAP_H
#define SIGPROF_JIT_PERF_MAP_H

#include "jit/told.h"

struct perf_map {
    uint64_t at;  /* bytes of the file told so far */
    uint64_t bad; /* lines that are not as described */
    size_t first, end; /* of the buffer's bytes, which are the file's from `at` on */
    bool in_line; /* the rest of a line longer than the buffer comes next */
    char buffer[4096];
};

/* From byte `at` of the file on. */
void sigprof__perf_map_begin(struct perf_map *map, uint64_t at);

/* false: there is no whole line more. */
bool sigprof__perf_map_next(struct perf_map *map, const struct told_file *file,
                            struct told *told);

#endif
