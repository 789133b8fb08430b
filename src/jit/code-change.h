/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of what generated code there is: for code.c, which has the program's word,
 * and code-told.c, which has that of others. */
#ifndef SIGPROF_JIT_CODE_CHANGE_H
#define SIGPROF_JIT_CODE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"

struct code_entry;
struct origin;
struct sigprof_code;

#define CODE_TABLES_MAX (64u << 10) /* bytes of eh_frame */

bool sigprof__code_is_sane(const struct sigprof_code *code);

/* Takes the lock. false: a signal handler of the program's interrupted this thread
 * at a change, and calls what it must not. */
bool sigprof__code_enter(void);
void sigprof__code_leave(void);

/* With the lock, all that follow. The time of a change; see code.h. */
uint64_t sigprof__code_now_ns(void);

/* Adds what is sane, over what is there. false: no memory. */
bool sigprof__code_add(const struct sigprof_code *code,
                       const struct origin *origin);

/* false: there is none of that source, it cannot move, or no memory. */
bool sigprof__code_move(uintptr_t from, uintptr_t to,
                        const struct origin *origin);

void sigprof__code_end(struct code_entry *entry, uint64_t now_ns);

/* false: what a better source has said stays. */
bool sigprof__code_end_overlapped(uintptr_t low, uintptr_t high,
                                  enum format_code_source source,
                                  uint64_t now_ns);

/* Live regions that the program did not declare. */
uint32_t sigprof__code_told_count(void);

#endif
