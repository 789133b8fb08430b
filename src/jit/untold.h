/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of generated code, to the event log; and what found no room there.
 *
 * A registration never waits for the log. A region whose beginning or end could not be
 * told waits in a queue, which the drain and later registrations take from: its
 * memory is its own record, so no end is ever lost, and with it no older name stays at
 * an address that was used again. Only code that came and went while nothing could be
 * told is given up when there is too much of it: samples in it have no name then.
 * What waits or was given up is counted as lost events; what is told after all, no
 * more.
 *
 * With the event log's lock.
 */
#ifndef SIGPROF_JIT_UNTOLD_H
#define SIGPROF_JIT_UNTOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "jit/region.h"

/* A region that lives from now on, or that is to be told again. */
void sigprof__tell_begin(struct code_region *region);

/* It has ended, and is not the caller's any more. */
void sigprof__tell_end(struct code_region *region, uint64_t time_ns);

/* It is at another place from that time on. false: that cannot be told; it is where
 * it was. */
bool sigprof__tell_move(struct code_region *region, uintptr_t start,
                        uint64_t time_ns);

/* Tells so many of those that wait. false: there is no room for the next. */
bool sigprof__tell_untold(uint32_t most);

/* How many wait. */
uint32_t sigprof__untold_count(void);

/* There is another log, or none: nobody waits. */
void sigprof__untold_forget(void);

#endif
