/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SYS_TYPES_H
#define ABI_FREEBSD_INCLUDE_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define ABI_CLOCK_MONOTONIC 4
#define ABI_CLOCK_PROCESS 15
#define ABI_CLOCK_THREAD 14
#define ABI_ENOTSUP EOPNOTSUPP
#define ABI_ERRNO __error
#define ABI_O_CLOEXEC 0x100000
#define ABI_SC_PAGESIZE 47
#define ABI_MUTEX_INITIALIZER NULL
#define ABI_ONCE_INITIALIZER {0, NULL}


#if defined(__i386__)
typedef int ssize_t;
typedef int time_t;
#else
typedef long ssize_t;
typedef long time_t;
#endif
typedef int pid_t;
typedef int lwpid_t;
typedef int64_t id_t;
typedef int64_t off_t;
typedef long suseconds_t;
typedef uint16_t mode_t;
typedef uint64_t nlink_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef uint64_t dev_t;
typedef uint64_t ino_t;
typedef int clockid_t;

typedef struct pthread *pthread_t;
typedef struct pthread_attr *pthread_attr_t;
typedef struct pthread_cond *pthread_cond_t;
typedef struct pthread_cond_attr *pthread_condattr_t;
typedef struct pthread_mutex *pthread_mutex_t;
typedef struct pthread_mutex_attr *pthread_mutexattr_t;
typedef struct pthread_once {
    int state;
    pthread_mutex_t mutex;
} pthread_once_t;
typedef int pthread_key_t;

#endif
