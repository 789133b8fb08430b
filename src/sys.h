/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions of the C library that libsigprof-preload.so interposes, as libsigprof
 * itself wants them: the preload object puts the real ones here before anything
 * starts. Written only then.
 */
#ifndef SIGPROF_SYS_H
#define SIGPROF_SYS_H

#include <signal.h>
#include <sys/time.h>

struct sigprof__sys {
    int (*sigaction)(int, const struct sigaction *, struct sigaction *);
    int (*setitimer)(int which, const struct itimerval *, struct itimerval *);
};
extern struct sigprof__sys sigprof__sys;

#endif
