/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_PTHREAD_H
#define ABI_DARWIN_INCLUDE_PTHREAD_H

#include <abi/threads.h>

#define PTHREAD_CANCEL_DISABLE 0
#define PTHREAD_MUTEX_INITIALIZER {0x32aaaba7, {0}}
#define PTHREAD_ONCE_INIT {0x30b1bcba, {0}}

int pthread_cond_timedwait_relative_np(pthread_cond_t *, pthread_mutex_t *,
                                       const struct timespec *);
pthread_t pthread_from_mach_thread_np(unsigned int);
void *pthread_get_stackaddr_np(pthread_t);
size_t pthread_get_stacksize_np(pthread_t);
void *pthread_getspecific(pthread_key_t);
int pthread_threadid_np(pthread_t, uint64_t *);

#endif
