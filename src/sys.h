/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions of the C library that libsigprof-preload.so interposes, as libsigprof
 * itself wants them: the preload object puts the real ones here before anything
 * starts. Written only then.
 */
#ifndef SIGPROF_SYS_H
#define SIGPROF_SYS_H

#include <signal.h>
#include <stdint.h>
#include <sys/time.h>

/* setitimer without its struct: of that the two objects may have different ones
 * (_TIME_BITS). */
struct sigprof__sys {
    int (*sigaction)(int, const struct sigaction *, struct sigaction *);
    int (*set_timer)(int which, uint64_t period_ns); /* 0: off */
};

/* The period is also the time to the first tick. */
static inline struct itimerval sigprof__sys_interval(uint64_t period_ns)
{
    struct itimerval when = {{0, 0}, {0, 0}};

    when.it_interval.tv_sec = (time_t)(period_ns / 1000000000u);
    when.it_interval.tv_usec = (suseconds_t)(period_ns % 1000000000u / 1000u);
    when.it_value = when.it_interval;
    return when;
}

extern struct sigprof__sys sigprof__sys;

#endif
