/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_FCNTL_H
#define ABI_BSD_INCLUDE_FCNTL_H

#include <sys/types.h>

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_NONBLOCK 0x4
#define O_APPEND 0x8
#define O_NOFOLLOW 0x100
#define O_CREAT 0x200
#define O_EXCL 0x800
#define O_NOCTTY 0x8000
#define O_CLOEXEC ABI_O_CLOEXEC

int open(const char *, int, ...);

#endif
