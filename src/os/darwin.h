/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two parts of macOS's layer share. */
#ifndef SIGPROF_OS_DARWIN_H
#define SIGPROF_OS_DARWIN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Threads that are ready (os.h) have something under it, once it is there. */
extern pthread_key_t darwin_ready;
extern _Atomic bool darwin_has_ready;

/* The kernel numbers threads in 64 bits; positive. */
static inline int darwin_tid(uint64_t id)
{
    return (int)(id & 0x7fffffff);
}

#endif
