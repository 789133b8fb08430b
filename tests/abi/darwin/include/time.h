/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_TIME_H
#define ABI_DARWIN_INCLUDE_TIME_H

#include <sys/types.h>

typedef enum {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 6,
    CLOCK_UPTIME_RAW = 8,
    CLOCK_PROCESS_CPUTIME_ID = 12
} clockid_t;

#include <abi/tm.h>

uint64_t clock_gettime_nsec_np(clockid_t);

#endif
