/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_STRING_H
#define ABI_ILLUMOS_INCLUDE_STRING_H

#include <stddef.h>

void *memset(void *, int, size_t);
size_t strnlen(const char *, size_t);

#endif
