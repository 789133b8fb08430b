/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_SYS_TIME_H
#define ABI_DRAGONFLY_INCLUDE_SYS_TIME_H

#include_next <sys/time.h>

int getcpuclockid(pid_t, lwpid_t, clockid_t *);

#endif
