/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_SYS_TIME_H
#define ABI_COMMON_INCLUDE_SYS_TIME_H

#include <abi/intervals.h>

int setitimer(int, const struct itimerval *, struct itimerval *);

#endif
