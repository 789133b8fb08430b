/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_ERRNO_H
#define ABI_BSD_INCLUDE_ERRNO_H

#include <sys/types.h>

#include <abi/bsd-errors.h>

#define EFAULT 14
#define EOPNOTSUPP 45
#define ENOTSUP ABI_ENOTSUP

int *ABI_ERRNO(void);
#define errno (*ABI_ERRNO())

#endif
