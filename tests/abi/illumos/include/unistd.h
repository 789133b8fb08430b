/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_UNISTD_H
#define ABI_ILLUMOS_INCLUDE_UNISTD_H

#include <sys/types.h>

int close(int);
int issetugid(void);
ssize_t pread64(int, void *, size_t, off64_t);
ssize_t read(int, void *, size_t);
ssize_t readlink(const char *, char *, size_t);

#endif
