/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_ERRNO_H
#define ABI_DARWIN_INCLUDE_ERRNO_H

#include <abi/bsd-errors.h>

#define ENOTSUP 45
#define EOPNOTSUPP 102

int *__error(void);
#define errno (*__error())

#endif
