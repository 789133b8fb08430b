/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPython, unchanged: its frames are listed by a module beside the preload object
 * (sigprof/sigprof_python.so, which is examples/python.c). That is made with CPython's
 * own headers, and knows the frames of one version: 3.11. Nothing is imported, so a
 * program sees nothing of it.
 */
#ifndef SIGPROF_JIT_PYTHON_H
#define SIGPROF_JIT_PYTHON_H

/* Control. If the program is CPython of that version, and the module is there: the
 * calling thread's frames are in samples. */
void sigprof__python_find(const char *preload_path);

/* Thread-safe. Those of the calling thread, which begins, too. */
void sigprof__python_thread(void);

#endif
