/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_TIME_H
#define ABI_BSD_INCLUDE_TIME_H

#include <sys/types.h>

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC ABI_CLOCK_MONOTONIC
#define CLOCK_PROCESS_CPUTIME_ID ABI_CLOCK_PROCESS
#define CLOCK_THREAD_CPUTIME_ID ABI_CLOCK_THREAD

#include <abi/tm.h>

#endif
