/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_ERRNO_H
#define ABI_ILLUMOS_INCLUDE_ERRNO_H

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EINTR 4
#define EIO 5
#define EAGAIN 11
#define EWOULDBLOCK EAGAIN
#define ENOMEM 12
#define EACCES 13
#define EEXIST 17
#define EXDEV 18
#define EINVAL 22
#define EFBIG 27
#define ENOSPC 28
#define EPIPE 32
#define ENOTSUP 48
#define ENAMETOOLONG 78
#define ENOSYS 89
#define ELOOP 90
#define ETIMEDOUT 145
#define ESTALE 151

int *___errno(void);
#define errno (*___errno())

#endif
