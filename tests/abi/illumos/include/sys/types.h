/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_TYPES_H
#define ABI_ILLUMOS_INCLUDE_SYS_TYPES_H

#include <stddef.h>

#if !defined(_LP64) && defined(__LP64__)
#define _LP64
#endif

typedef long ssize_t;
typedef int pid_t;
typedef long off_t;
typedef long long off64_t;
typedef long suseconds_t;
typedef unsigned int mode_t;
typedef unsigned int uid_t;
typedef unsigned int lwpid_t;

#endif
