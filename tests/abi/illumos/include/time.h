/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_TIME_H
#define ABI_ILLUMOS_INCLUDE_TIME_H

#include <sys/types.h>

#define CLOCK_REALTIME 3
#define CLOCK_MONOTONIC 4

typedef struct timespec {
    time_t tv_sec;
    long tv_nsec;
} timespec_t;
typedef struct timespec timestruc_t;

#define ABI_NO_ZONE 1
#include <abi/tm.h>

#endif
