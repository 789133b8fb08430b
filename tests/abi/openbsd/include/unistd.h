/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_UNISTD_H
#define ABI_OPENBSD_INCLUDE_UNISTD_H

#include_next <unistd.h>

pid_t getthrid(void);

#endif
