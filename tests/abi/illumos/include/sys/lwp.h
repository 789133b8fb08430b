/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_LWP_H
#define ABI_ILLUMOS_INCLUDE_SYS_LWP_H

#include <sys/types.h>

int _lwp_kill(lwpid_t, int);

#endif
