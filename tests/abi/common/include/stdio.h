/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_STDIO_H
#define ABI_COMMON_INCLUDE_STDIO_H

#include <stddef.h>

int rename(const char *, const char *);
int snprintf(char *, size_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));
int sscanf(const char *, const char *, ...)
    __attribute__((format(scanf, 2, 3)));

#endif
