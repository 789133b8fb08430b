/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_ABI_TM_H
#define ABI_COMMON_INCLUDE_ABI_TM_H

/* What is the same in <time.h>, behind that system's clockid_t. */
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
#if !ABI_NO_ZONE
    long tm_gmtoff;
    char *tm_zone;
#endif
};

int clock_gettime(clockid_t, struct timespec *);
struct tm *localtime_r(const time_t *restrict, struct tm *restrict);
int nanosleep(const struct timespec *, struct timespec *);
size_t strftime(char *, size_t, const char *, const struct tm *);

#endif
