/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_ERRNO_H
#define ABI_ILLUMOS_INCLUDE_ERRNO_H

#define ENOENT 2
#define ESRCH 3
#define EIO 5
#define ENOTSUP 48

int *___errno(void);
#define errno (*___errno())

#endif
