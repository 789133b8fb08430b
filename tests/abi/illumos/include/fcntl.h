/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_FCNTL_H
#define ABI_ILLUMOS_INCLUDE_FCNTL_H

#include <sys/types.h>

#define O_RDONLY 0
#define O_CLOEXEC 0x800000

int open(const char *, int, ...);
int open64(const char *, int, ...);
int posix_fallocate(int, off_t, off_t);

#endif
