/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_ABI_BSD_ERRORS_H
#define ABI_COMMON_INCLUDE_ABI_BSD_ERRORS_H

/* What is the same in <errno.h> of the BSDs and macOS. */
#include <abi/errors.h>

#define EAGAIN 35
#define ETIMEDOUT 60
#define ELOOP 62
#define ENAMETOOLONG 63
#define ESTALE 70

#endif
