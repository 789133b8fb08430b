/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_TIME_H
#define ABI_ILLUMOS_INCLUDE_SYS_TIME_H

#include <time.h>

#define ITIMER_PROF 2
#define ITIMER_REALPROF 3

struct timeval {
    time_t tv_sec;
    suseconds_t tv_usec;
};
struct itimerval {
    struct timeval it_interval;
    struct timeval it_value;
};

typedef long long hrtime_t;
hrtime_t gethrtime(void);
int getitimer(int, struct itimerval *);
/* Not const, unless _XPG4_2 is defined. */
int setitimer(int, struct itimerval *, struct itimerval *);

#endif
