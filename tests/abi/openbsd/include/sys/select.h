/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SYS_SELECT_H
#define ABI_OPENBSD_INCLUDE_SYS_SELECT_H

#include <signal.h>

typedef struct abi_fd_set fd_set;

int pselect(int, fd_set *, fd_set *, fd_set *, const struct timespec *,
            const sigset_t *);

#endif
