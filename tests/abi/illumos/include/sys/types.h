/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_TYPES_H
#define ABI_ILLUMOS_INCLUDE_SYS_TYPES_H

#include <stddef.h>

#if !defined(_LP64) && defined(__LP64__)
#define _LP64
#endif

typedef long ssize_t;
typedef int pid_t;
typedef long off_t;
typedef long long off64_t;
typedef long suseconds_t;
typedef unsigned int mode_t;
typedef unsigned int nlink_t;
typedef unsigned int uint_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int lwpid_t;
typedef unsigned long dev_t;
typedef unsigned long ino_t;
typedef long time_t;
typedef int clockid_t;

typedef unsigned int pthread_t;
typedef unsigned int pthread_key_t;
typedef struct {
    void *abi_attribute;
} pthread_attr_t;
typedef struct {
    void *abi_attribute;
} pthread_condattr_t;
typedef struct {
    void *abi_attribute;
} pthread_mutexattr_t;
typedef struct {
    unsigned short abi_flags[3];
    unsigned short abi_magic;
    unsigned long long abi_lock;
    unsigned long long abi_data;
} pthread_mutex_t;
typedef struct {
    unsigned char abi_flags[4];
    unsigned short abi_type;
    unsigned short abi_magic;
    unsigned long long abi_data;
} pthread_cond_t;
typedef struct {
    unsigned long long abi_once[4];
} pthread_once_t;

#endif
