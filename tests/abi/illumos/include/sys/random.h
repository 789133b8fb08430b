/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_RANDOM_H
#define ABI_ILLUMOS_INCLUDE_SYS_RANDOM_H

#include <sys/types.h>

#define GRND_NONBLOCK 1

ssize_t getrandom(void *, size_t, unsigned int);

#endif
