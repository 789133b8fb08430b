/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SIGNAL_H
#define ABI_DARWIN_INCLUDE_SIGNAL_H

#include <stddef.h>

#define SIGPROF 27

typedef unsigned int sigset_t;

typedef struct {
    void *ss_sp;
    size_t ss_size;
    int ss_flags;
} stack_t;

#endif
