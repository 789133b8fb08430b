/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_STDLIB_H
#define ABI_ILLUMOS_INCLUDE_STDLIB_H

#include <stddef.h>

void arc4random_buf(void *, size_t);
int atoi(const char *);
const char *getexecname(void);

#endif
