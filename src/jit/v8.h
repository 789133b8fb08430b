/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * V8's generated code, by V8's own interface for profilers, where the program
 * exports that (node does): no option is needed.
 *
 * V8 says what it generates, if an isolate is asked to on a thread that runs it.
 * So the preload object tells of moments when a thread opens a file, waits for
 * events or asks for its group; one of these any thread of JavaScript comes to before
 * its first line.
 * The isolate is asked through its queue of interrupts: then it is V8 that chooses
 * when to answer. It has room for one who listens: a handler of an embedder's own,
 * which node has none of, is replaced.
 */
#ifndef SIGPROF_JIT_V8_H
#define SIGPROF_JIT_V8_H

/* Control. Looks for V8 in the program. */
void sigprof__v8_find(void);

/* Thread-safe. The calling thread may be running JavaScript: asks V8, once for
 * each isolate. */
void sigprof__v8_look(void);

#endif
