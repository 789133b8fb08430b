/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SYS_TIME_H
#define ABI_FREEBSD_INCLUDE_SYS_TIME_H

#include_next <sys/time.h>

#define CPUCLOCK_WHICH_TID 1

struct clockinfo {
    int hz;
    int tick;
    int spare;
    int stathz;
    int profhz;
};

int clock_getcpuclockid2(id_t, int, clockid_t *);

#endif
