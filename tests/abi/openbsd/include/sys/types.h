/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SYS_TYPES_H
#define ABI_OPENBSD_INCLUDE_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define ABI_CLOCK_MONOTONIC 3
#define ABI_CLOCK_PROCESS 2
#define ABI_CLOCK_THREAD 4
#define ABI_ENOTSUP 91
#define ABI_ERRNO __errno
#define ABI_O_CLOEXEC 0x10000
#define ABI_SC_PAGESIZE 28
#define ABI_MUTEX_INITIALIZER NULL
#define ABI_ONCE_INITIALIZER {0, NULL}
#define ABI_NO_LOADER_COUNTS 1


#if defined(__i386__)
typedef int ssize_t;
#else
typedef long ssize_t;
#endif
typedef int pid_t;
typedef int64_t off_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef uint32_t nlink_t;
typedef uint64_t ino_t;
typedef int64_t time_t;
typedef long suseconds_t;
typedef uint32_t mode_t;
typedef int dev_t;
typedef int clockid_t;

typedef struct abi_thread *pthread_t;
typedef struct abi_attr *pthread_attr_t;
typedef struct abi_mutex *pthread_mutex_t;
typedef struct abi_mutexattr *pthread_mutexattr_t;
typedef struct abi_cond *pthread_cond_t;
typedef struct abi_condattr *pthread_condattr_t;
typedef struct {
    int state;
    pthread_mutex_t mutex;
} pthread_once_t;
typedef int pthread_key_t;

#endif
