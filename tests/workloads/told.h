/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtual machine's files for profilers: /tmp/perf-PID.map, or jit-PID.dump in the
 * working directory. */
#ifndef TOLD_H
#define TOLD_H

#include <stddef.h>

/* "map", "dump", or "late": a dump that is written when the process exits. */
void told_begin(const char *how);
/* Of the code that comes next: the instructions of its FDE, six bytes. */
void told_frame(size_t bytes, const unsigned char program[6]);
void told_code(const void *at, size_t bytes, const char *name);
void told_move(const void *from, const void *to, size_t bytes);
void told_torn(void); /* the beginning of a record, and no more */

#endif
