/* SPDX-License-Identifier: BSD-2-Clause */
/* A piece of generated code, as code.c keeps it. One caller at a time. */
#ifndef SIGPROF_JIT_REGION_H
#define SIGPROF_JIT_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "unwind/cfi.h"

struct sigprof_code;

#define REGION_TEXT_MAX 1024u /* of a name or a file */

/* A live region, from the heap: the part of its event that does not change when
 * it moves, and its unwind tables. */
struct code_region {
    struct code_region *next; /* of the retired */
    uintptr_t start;
    size_t bytes;
    uint64_t serial; /* never used again */
    uint64_t time_ns;
    size_t room; /* as the heap knows it */
    struct module_cfi cfi; /* frames: NULL, or a copy behind the tail */
    uint32_t tail_bytes;
    enum format_code_source source;
    uint8_t tail[];
};

/* What is registered: as the program said, or a file. */
struct origin {
    enum format_code_source source;
    uint64_t time_ns; /* 0: now, which only the lock's owner can tell */
    uintptr_t eh_frame_at; /* where it is to lie; 0: where it does */
};

uint64_t sigprof__origin_ns(const struct origin *origin);

/* From the heap, of what is sane. NULL: no memory. */
struct code_region *sigprof__region_make(const struct sigprof_code *code,
                                         const struct origin *origin,
                                         uint64_t serial);

#endif
