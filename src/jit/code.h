/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated code, as the program declares it (sigprof/jit.h).
 *
 * Every live region has a record in private memory, found by address through the
 * map (map.h); each change is an event in the log besides, with its time. The
 * records are there to say the live regions again when a file begins: code can
 * be declared before sampling starts, and lives longer than a file.
 *
 * One lock, taken for some 30 ns. It is not guarded by blocking signals, which
 * would cost four times a registration; instead a thread knows that it is inside,
 * and what a signal handler of the program's calls meanwhile (fork, exec) leaves
 * the log alone.
 */
#ifndef SIGPROF_JIT_CODE_H
#define SIGPROF_JIT_CODE_H

#include <stdbool.h>

/* Thread-safe. Says every live region again to the event log: a new file. */
void sigprof__code_repeat(void);

/* Control. Gives back what no handler uses any more; the drain calls it. */
void sigprof__code_idle(void);

/* Control, around a fork. Not if the calling thread is inside (a handler of the
 * program's that interrupted a registration): it has the lock already. */
void sigprof__code_lock(void);
void sigprof__code_unlock(void);

/* Is the calling thread in the middle of a registration? */
bool sigprof__code_inside(void);

#endif
