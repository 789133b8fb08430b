/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_SYS_TIME_H
#define ABI_NETBSD_INCLUDE_SYS_TIME_H

#include_next <sys/time.h>

struct clockinfo {
    int hz;
    int tick;
    int tickadj;
    int stathz;
    int profhz;
};

int clock_getcpuclockid2(idtype_t, id_t, clockid_t *);

#endif
