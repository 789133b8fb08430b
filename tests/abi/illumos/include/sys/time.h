/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_TIME_H
#define ABI_ILLUMOS_INCLUDE_SYS_TIME_H

#include <time.h>

#define ITIMER_PROF 2
#define ITIMER_REALPROF 3

typedef long long hrtime_t;
hrtime_t gethrtime(void);

#endif
