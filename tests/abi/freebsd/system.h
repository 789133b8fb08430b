/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD, played on Linux: what the whole library, compiled for that system, calls.
 * system.c has signals and files; sysctl.c what that system tells of processes; threads
 * are ../threads.c's. See ../illumos/system.h.
 */
#ifndef ABI_FREEBSD_SYSTEM_H
#define ABI_FREEBSD_SYSTEM_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "facts.h"

#define AT(type, base, offset)                                                 \
    (*(type *)(void *)((char *)(uintptr_t)(base) + (offset)))

/* For threads.c. */
#define PLAYED(name) freebsd_##name
#define LOCK_AT 0
typedef void *thread_there;

/* Thread ids begin above those of processes. */
#define FIRST_THREAD 100000

void set_there(const sigset_t *here, void *there);
uint64_t clock_now(int clock);

#endif
