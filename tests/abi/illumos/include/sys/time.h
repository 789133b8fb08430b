/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_TIME_H
#define ABI_ILLUMOS_INCLUDE_SYS_TIME_H

#include <abi/intervals.h>

#define ITIMER_REALPROF 3

typedef long long hrtime_t;
hrtime_t gethrtime(void);
/* Not const, unless _XPG4_2 is defined. */
int setitimer(int, struct itimerval *, struct itimerval *);

#endif
