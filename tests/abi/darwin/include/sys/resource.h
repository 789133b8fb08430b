/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SYS_RESOURCE_H
#define ABI_DARWIN_INCLUDE_SYS_RESOURCE_H

#include <sys/types.h>

#define RLIMIT_STACK 3

typedef uint64_t rlim_t;
struct rlimit {
    rlim_t rlim_cur;
    rlim_t rlim_max;
};
int getrlimit(int, struct rlimit *);

#endif
