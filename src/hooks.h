/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libsigprof-preload.so calls in libsigprof.so: exported under a version of
 * its own (SIGPROF_PRIVATE), for this pair of objects and nobody else.
 */
#ifndef SIGPROF_HOOKS_H
#define SIGPROF_HOOKS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "sigprof/sigprof.h"
#include "sys.h"

#define SIGPROF_HOOK __attribute__((visibility("default")))

/* Puts the real functions into the table and starts from the environment: the
 * preload object's constructor. preload_path: its own file, for children. */
SIGPROF_HOOK void sigprof__hook_load(const struct sigprof__sys *real,
                                     const char *preload_path);

/* Is this the start routine of a thread of ours? */
SIGPROF_HOOK bool sigprof__own_thread(void *(*start)(void *));

/* A thread of the program begins; called in it. */
SIGPROF_HOOK void sigprof__hook_thread_begin(uintptr_t start_routine);

/* The program reads or sets its own action for SIGPROF. Signal-safe.
 * false: our handler is not installed; the caller asks the system. */
SIGPROF_HOOK bool sigprof__hook_action(const struct sigaction *set,
                                       struct sigaction *get);

/* The program calls siginterrupt for SIGPROF. Signal-safe. */
SIGPROF_HOOK void sigprof__hook_interrupts(bool on);

/* The program arms or disarms ITIMER_PROF for itself. */
SIGPROF_HOOK void sigprof__hook_itimer(bool armed);

/* The set of loaded modules has changed, or is about to. */
SIGPROF_HOOK void sigprof__hook_modules(void);

/* An exec of path is about to happen: writes what there is and stops. Does
 * nothing in a vfork's child. _failed: it did not happen; goes on. */
SIGPROF_HOOK void sigprof__hook_exec(const char *path);
SIGPROF_HOOK void sigprof__hook_exec_failed(void);

/* Around illumos' forkall, whose child has all threads, and calls no handler of
 * pthread_atfork: so ours end before it. _done: the caller goes on, parent or child; the
 * latter has a profile of its own if it is followed. false: nothing could be ended, and
 * _done is not to be called. */
SIGPROF_HOOK bool sigprof__hook_forkall(void);
SIGPROF_HOOK void sigprof__hook_forkall_done(void);

/*
 * The environment that an executed program is to have. _bytes: 0 if envp is right
 * as it is, else the size of the buffer that the edited copy needs; it points
 * into envp and into the buffer. Signal-safe: a vfork's child comes here.
 */
SIGPROF_HOOK size_t sigprof__hook_environment_bytes(char *const *envp);
SIGPROF_HOOK char **sigprof__hook_environment(char *const *envp, void *buffer);

/* The calling thread opens a file or waits for events: a VM that runs there can be
 * asked now (jit/v8.h). */
SIGPROF_HOOK void sigprof__hook_moment(void);

/* Unwind tables of generated code (jit/frames.h) are registered, or about to go. */
SIGPROF_HOOK void sigprof__hook_frames(const void *eh_frame, bool begin);

/* The preload object is loaded as an agent of a Java machine. */
SIGPROF_HOOK void sigprof__hook_java(void *vm);

/* The process is about to leave by _exit. */
SIGPROF_HOOK void sigprof__hook_exit(void);

#endif
