/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_SYS_TYPES_H
#define ABI_NETBSD_INCLUDE_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define ABI_CLOCK_MONOTONIC 3
#define ABI_CLOCK_PROCESS 0x40000000
#define ABI_CLOCK_THREAD 0x20000000
#define ABI_ENOTSUP 86
#define ABI_ERRNO __errno
#define ABI_O_CLOEXEC 0x400000
#define ABI_SC_PAGESIZE 28
#define ABI_MUTEX_INITIALIZER \
    {                                                                          \
        0x33330003, 0, {0}, 0, {0}, NULL, NULL, 0, NULL                        \
    }
#define ABI_ONCE_INITIALIZER {PTHREAD_MUTEX_INITIALIZER, 0}


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
typedef int suseconds_t;
typedef uint32_t mode_t;
typedef uint64_t dev_t;
typedef int clockid_t;
typedef uint32_t id_t;
typedef int idtype_t;
typedef int lwpid_t;

typedef struct abi_thread *pthread_t;
typedef struct {
    unsigned int pta_magic;
    int pta_flags;
    void *pta_private;
} pthread_attr_t;
typedef struct {
    unsigned int ptm_magic;
    unsigned char ptm_errorcheck;
    unsigned char abi_pad1[3];
    unsigned char ptm_ceiling;
    unsigned char abi_pad2[3];
    pthread_t ptm_owner;
    void *ptm_waiters;
    unsigned int ptm_recursed;
    void *ptm_spare2;
} pthread_mutex_t;
typedef struct {
    unsigned int ptma_magic;
    void *ptma_private;
} pthread_mutexattr_t;
typedef struct {
    unsigned int ptc_magic;
    unsigned char ptc_lock;
    void *ptc_waiters_first;
    void *ptc_waiters_last;
    pthread_mutex_t *ptc_mutex;
    void *ptc_private;
} pthread_cond_t;
typedef struct {
    unsigned int ptca_magic;
    void *ptca_private;
} pthread_condattr_t;
typedef struct {
    pthread_mutex_t pto_mutex;
    int pto_done;
} pthread_once_t;
typedef int pthread_key_t;

#endif
