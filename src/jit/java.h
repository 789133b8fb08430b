/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Java machine's compiled code, by its tool interface (JVMTI): the preload
 * object is an agent, too, and sigprof-run names it in the options of java.
 */
#ifndef SIGPROF_JIT_JAVA_H
#define SIGPROF_JIT_JAVA_H

/* Thread-safe. From Agent_OnLoad, with its JavaVM. What fails leaves the machine as
 * it was: there are no names then. */
void sigprof__java_listen(void *vm);

#endif
