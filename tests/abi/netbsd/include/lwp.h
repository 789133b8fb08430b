/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_LWP_H
#define ABI_NETBSD_INCLUDE_LWP_H

#include <sys/types.h>

lwpid_t _lwp_self(void);
int _lwp_kill(lwpid_t, int);

#endif
