/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macOS, played on Linux: what the whole library, compiled for that system, calls.
 * system.c has signals; mach.c what Mach and libproc tell of threads, memory
 * and processes; images.c dyld's list, where objects of ELF are images of Mach-O; threads
 * are ../threads.c's, and numbers of signals, and files, those of the BSDs. See ../illumos/system.h.
 */
#ifndef ABI_DARWIN_SYSTEM_H
#define ABI_DARWIN_SYSTEM_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "facts.h"

#include "../bsd/actions.h"

#define AT(type, base, offset)                                                 \
    (*(type *)(void *)((char *)(uintptr_t)(base) + (offset)))

/* For threads.c: a lock's first word is its type. */
#define PLAYED(name) darwin_##name
#define LOCK_AT 8
#define ONCE_AT 8
typedef void *thread_there;

/* For ../bsd/files.c. */
#define STAT_TIME_AT ABI_struct_stat_st_mtimespec
typedef int dev_there;
typedef uint16_t mode_there;
typedef int64_t time_there;

static inline struct timespec time_here(const void *there)
{
    return *(const struct timespec *)there;
}

/* Threads are numbered from the start of the system, not of the process. */
#define FIRST_THREAD 100000

/* Bytes that may not be there. false: not all of them are. */
bool copy_safely(uintptr_t from, void *to, size_t bytes);

/* Of the calling process; what was read, and 0 behind it. */
long text_of(const char *path, char *text, size_t size);

#endif
