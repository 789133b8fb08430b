/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_ERRNO_H
#define ABI_DARWIN_INCLUDE_ERRNO_H

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EINTR 4
#define EIO 5
#define E2BIG 7
#define ENOMEM 12
#define EACCES 13
#define EEXIST 17
#define EXDEV 18
#define EINVAL 22
#define EFBIG 27
#define ENOSPC 28
#define EPIPE 32
#define EAGAIN 35
#define EWOULDBLOCK EAGAIN
#define ENOTSUP 45
#define ETIMEDOUT 60
#define ELOOP 62
#define ENAMETOOLONG 63
#define ESTALE 70
#define EOPNOTSUPP 102

int *__error(void);
#define errno (*__error())

#endif
