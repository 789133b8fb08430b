/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_FCNTL_H
#define ABI_ILLUMOS_INCLUDE_FCNTL_H

#include <sys/types.h>

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_APPEND 0x8
#define O_NONBLOCK 0x80
#define O_CREAT 0x100
#define O_EXCL 0x400
#define O_NOCTTY 0x800
#define O_NOFOLLOW 0x20000
#define O_CLOEXEC 0x800000
#define AT_FDCWD 0xffd19553

int open(const char *, int, ...);
int open64(const char *, int, ...);
int openat64(int, const char *, int, ...);
int posix_fallocate(int, off_t, off_t);

#endif
