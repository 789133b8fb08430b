/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_PTHREAD_H
#define ABI_BSD_INCLUDE_PTHREAD_H

#include <abi/threads.h>

#define PTHREAD_CANCEL_DISABLE 1
#define PTHREAD_MUTEX_INITIALIZER ABI_MUTEX_INITIALIZER
#define PTHREAD_ONCE_INIT ABI_ONCE_INITIALIZER

int pthread_attr_getstack(const pthread_attr_t *, void **, size_t *);
int pthread_getattr_np(pthread_t, pthread_attr_t *);
int pthread_cond_timedwait(pthread_cond_t *, pthread_mutex_t *,
                           const struct timespec *);
int pthread_condattr_destroy(pthread_condattr_t *);
int pthread_condattr_init(pthread_condattr_t *);
int pthread_condattr_setclock(pthread_condattr_t *, clockid_t);

#endif
