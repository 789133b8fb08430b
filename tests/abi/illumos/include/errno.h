/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_ERRNO_H
#define ABI_ILLUMOS_INCLUDE_ERRNO_H

#include <abi/errors.h>

#define EAGAIN 11
#define ENOTSUP 48
#define ENAMETOOLONG 78
#define ENOSYS 89
#define ELOOP 90
#define ETIMEDOUT 145
#define ESTALE 151

int *___errno(void);
#define errno (*___errno())

#endif
