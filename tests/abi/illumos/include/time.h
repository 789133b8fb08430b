/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_TIME_H
#define ABI_ILLUMOS_INCLUDE_TIME_H

#include <sys/types.h>

#define CLOCK_REALTIME 3
#define CLOCK_MONOTONIC 4

#define ABI_NO_ZONE 1
#include <abi/tm.h>

typedef struct timespec timespec_t;
typedef struct timespec timestruc_t;

#endif
