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

struct tm {
    int tm_sec;
    int tm_min;
    int tm_hour;
    int tm_mday;
    int tm_mon;
    int tm_year;
    int tm_wday;
    int tm_yday;
    int tm_isdst;
};

int clock_gettime(clockid_t, struct timespec *);
struct tm *localtime_r(const time_t *restrict, struct tm *restrict);
int nanosleep(const struct timespec *, struct timespec *);
size_t strftime(char *, size_t, const char *, const struct tm *);

#endif
