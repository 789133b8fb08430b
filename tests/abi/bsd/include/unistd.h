/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_UNISTD_H
#define ABI_BSD_INCLUDE_UNISTD_H

#include <abi/calls.h>

#define _SC_PAGESIZE ABI_SC_PAGESIZE

int gethostname(char *, size_t);
int syscall(int, ...);

#endif
