/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_ABI_ERRORS_H
#define ABI_COMMON_INCLUDE_ABI_ERRORS_H

/* What is the same in <errno.h>. */
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
#define EWOULDBLOCK EAGAIN

#endif
