/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_TIME_H
#define ABI_BSD_INCLUDE_TIME_H

#include <sys/types.h>

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC ABI_CLOCK_MONOTONIC
#define CLOCK_PROCESS_CPUTIME_ID ABI_CLOCK_PROCESS
#define CLOCK_THREAD_CPUTIME_ID ABI_CLOCK_THREAD

struct timespec {
    time_t tv_sec;
    long tv_nsec;
};

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
    long tm_gmtoff;
    char *tm_zone;
};

int clock_gettime(clockid_t, struct timespec *);
struct tm *localtime_r(const time_t *restrict, struct tm *restrict);
int nanosleep(const struct timespec *, struct timespec *);
size_t strftime(char *, size_t, const char *, const struct tm *);

#endif
