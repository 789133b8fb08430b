/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_LIMITS_H
#define ABI_OPENBSD_INCLUDE_LIMITS_H

#include_next <limits.h>

#define PATH_MAX 1024

#endif
