/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for the records of generated code: not the program's allocator, which
 * may be the code's user. One caller at a time. */
#ifndef SIGPROF_JIT_HEAP_H
#define SIGPROF_JIT_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Aligned for any type, not cleared; up to HEAP_BYTES_MAX. NULL: none left. */
void *sigprof__heap_get(size_t bytes);
/* bytes as it was asked for. */
void sigprof__heap_give(void *at, size_t bytes);

#define HEAP_BYTES_MAX ((size_t)128 << 10)

/*
 * A first touch of memory costs a microsecond for a page, which is more than all the
 * rest of a registration does: so the drain touches the next chunk beforehand.
 * make_chunk is what takes time, and is not for one caller at a time; what it gives,
 * if not NULL, is to be taken.
 */
bool sigprof__heap_wants_chunk(void);
void *sigprof__heap_make_chunk(void);
void sigprof__heap_take_chunk(void *made);

#endif
