/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_SYS_LWP_H
#define ABI_DRAGONFLY_INCLUDE_SYS_LWP_H

#include <sys/types.h>

lwpid_t lwp_gettid(void);
int lwp_kill(pid_t, lwpid_t, int);

#endif
