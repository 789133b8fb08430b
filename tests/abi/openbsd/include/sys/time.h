/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SYS_TIME_H
#define ABI_OPENBSD_INCLUDE_SYS_TIME_H

#include_next <sys/time.h>

struct clockinfo {
    int hz;
    int tick;
    int tickadj;
    int stathz;
    int profhz;
};

#define __CLOCK_ENCODE(type, id) ((type) | ((id) << 12))

#endif
