/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated code, as the program declares it (sigprof/jit.h).
 *
 * Every live region has a record in private memory, found by address through the
 * map (map.h); each change is an event in the log besides, with its time (untold.h).
 * The records are there to say the live regions again when a file begins: code can
 * be declared before sampling starts, and lives longer than a file.
 *
 * One lock, the event log's, taken for some 60 ns: nothing waits under it. It is not
 * guarded by blocking signals, which would cost four times a registration; instead a
 * thread knows that it is inside, and what a signal handler of the program's calls
 * meanwhile (fork) leaves the log alone. Such an exit or exec ends nothing: the ring
 * stays, as after a kill (load.c).
 *
 * A reading of the clock would be a quarter of a registration. It is read where a
 * record of another kind has had a time since the last change (sigprof_impl.h): no
 * sample then lies between a change's time and the moment it was made. Changes of one
 * address may have the same time, and then stand in their order: so it is read too
 * where they may not, while some wait to be told.
 */
#ifndef SIGPROF_JIT_CODE_H
#define SIGPROF_JIT_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

struct told;

/* Thread-safe. Says every live region again to the event log: a new file. */
void sigprof__code_repeat(void);

/* Control. Gives back what no handler uses any more; the drain calls it. */
void sigprof__code_idle(void);

/* Control; whoever makes passes. Tells the log what it had no room for, and calls
 * make_room for more; and sees to memory for registrations to come. */
void sigprof__code_catch_up(void (*make_room)(void));

/*
 * Control; the drain. What a file of the virtual machine's tells (told.h): its name,
 * and how it is unwound if there are tables, until it moves. What the program declared
 * itself stays, and what a jitdump said goes before what perf-PID.map says.
 * Between begin and end, which hold the lock; false: the caller is a signal handler
 * of the program's that interrupted a change.
 */
bool sigprof__code_tell_begin(void);
enum code_told { CODE_TAKEN, CODE_KNOWN, CODE_LEFT_OUT /* for its size or number */ };
enum code_told sigprof__code_tell(const struct told *told,
                                  enum format_code_source source,
                                  uint64_t time_ns);
void sigprof__code_tell_end(void);

/* Thread-safe. Unwind tables for code of which no more is known: a CIE and its FDE, as
 * if they lay at `at`; copied. Whoever names just this code later may leave the tables
 * to it. _end: before the memory is used again. */
void sigprof__code_frames_begin(uintptr_t start, size_t bytes,
                                const uint8_t *tables, size_t table_bytes,
                                uintptr_t at);
void sigprof__code_frames_end(uintptr_t start);

/* Is the calling thread in the middle of a change? A handler of the program's may have
 * interrupted it: then the log's lock is its own. */
bool sigprof__code_inside(void);

#endif
