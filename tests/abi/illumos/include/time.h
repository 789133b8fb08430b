/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_TIME_H
#define ABI_ILLUMOS_INCLUDE_TIME_H

#include <sys/types.h>

typedef long time_t;
typedef struct timespec {
    time_t tv_sec;
    long tv_nsec;
} timespec_t;
typedef struct timespec timestruc_t;

#endif
