/* SPDX-License-Identifier: BSD-2-Clause */
/* A piece of generated code, as code.c keeps it. One caller at a time. */
#ifndef SIGPROF_JIT_REGION_H
#define SIGPROF_JIT_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "unwind/cfi.h"

struct sigprof_code;

#define REGION_TEXT_MAX 1024u /* of a name or a file */

/*
 * From the heap. A million of them are looked at once, when they are registered: so
 * it is kept small. Behind the fixed part lies the part of its event that does not
 * change when it moves; then, aligned, its unwind tables' description and copy.
 */
struct code_region {
    struct code_region *next; /* of the untold, or of the retired */
    uintptr_t start;
    uint64_t serial; /* never used again */
    uint64_t time_ns;
    uint64_t end_ns; /* 0: it lives */
    uint32_t bytes;
    uint32_t table_bytes; /* of the copy; 0: there is none */
    uint16_t tail_bytes;
    uint16_t tail_room;
    uint8_t source;   /* enum format_code_source */
    bool is_told;     /* its CODE is in the log */
    bool is_waiting;  /* it is among the untold (untold.h) */
    uint8_t tail[];
};

/* What is registered: as the program said, or a file. */
struct origin {
    enum format_code_source source;
    uint64_t time_ns; /* 0: when it was registered */
    uintptr_t eh_frame_at; /* where it is to lie; 0: where it does */
};

/* From the heap, of what is sane, with a serial of its own. NULL: no memory. */
struct code_region *sigprof__region_make(const struct sigprof_code *code,
                                         const struct origin *origin,
                                         uint64_t time_ns);

/* The same code, without tables, elsewhere from that time on. NULL: no memory. */
struct code_region *sigprof__region_copy(const struct code_region *region,
                                         uintptr_t start, uint64_t time_ns);

/* Back to the heap: no handler may be reading its tables. */
void sigprof__region_drop(struct code_region *region);

/* What it takes of the heap. */
size_t sigprof__region_room(const struct code_region *region);

/* Its tables; NULL: it has none. */
const struct module_cfi *sigprof__region_cfi(const struct code_region *region);

#endif
