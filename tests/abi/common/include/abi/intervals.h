/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_ABI_INTERVALS_H
#define ABI_COMMON_INCLUDE_ABI_INTERVALS_H

/* What is the same in <sys/time.h>. */
#include <time.h>

#define ITIMER_PROF 2

struct timeval {
    time_t tv_sec;
    suseconds_t tv_usec;
};
struct itimerval {
    struct timeval it_interval;
    struct timeval it_value;
};

int getitimer(int, struct itimerval *);

#endif
