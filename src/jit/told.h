/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What files that virtual machines write for profilers tell of generated code:
 * perf-PID.map (perf-map.h) and jitdump (jitdump.h). Both readers take hostile
 * bytes, allocate nothing, and give one thing told after the other. A file may
 * still be written to: what is not whole yet is given by a later call.
 *
 * Used by the drain and by sigprof-fold; ordinary code.
 */
#ifndef SIGPROF_JIT_TOLD_H
#define SIGPROF_JIT_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sigprof_code_line;

#define TOLD_TEXT_MAX 1024u /* of a name or a file; the rest is cut off */
#define TOLD_BYTES_MAX ((uint64_t)1 << 31) /* of code, as in sigprof/jit.h */

/* The bytes of a file. */
struct told_file {
    /* As many as there are, up to size, from that place on. */
    size_t (*read)(void *arg, uint64_t at, void *to, size_t size);
    void *arg;
    uint64_t bytes; /* it has now */
};

enum told_kind { TOLD_CODE, TOLD_MOVE };

/* Texts live until the next call. */
struct told {
    enum told_kind kind;
    uint64_t start, bytes;
    uint64_t from;    /* of TOLD_MOVE: where it was */
    uint64_t time_ns; /* of the monotonic clock; 0: not told */
    const char *name; /* texts are ended by a NUL */
    size_t name_bytes;
    const char *file; /* "": not told */
    size_t file_bytes;
    uint32_t line; /* of the first of the lines; 0: not told */
    const struct sigprof_code_line *lines;
    uint32_t line_count;
    const uint8_t *eh_frame; /* unwind tables, that are to lie at eh_frame_at */
    size_t eh_frame_bytes;   /* 0: not told */
    uint64_t eh_frame_at;
};

#endif
