/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SYS_TYPES_H
#define ABI_DARWIN_INCLUDE_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;
typedef long time_t;
typedef int pid_t;
typedef int64_t off_t;
typedef int suseconds_t;
typedef uint16_t mode_t;
typedef uint16_t nlink_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef int32_t dev_t;
typedef uint64_t ino_t;

typedef struct abi_thread *pthread_t;
typedef struct {
    long abi_signature;
    char abi_opaque[56];
} pthread_attr_t, pthread_mutex_t;
typedef struct {
    long abi_signature;
    char abi_opaque[40];
} pthread_cond_t;
typedef struct {
    long abi_signature;
    char abi_opaque[8];
} pthread_condattr_t, pthread_mutexattr_t, pthread_once_t;
typedef unsigned long pthread_key_t;

#endif
