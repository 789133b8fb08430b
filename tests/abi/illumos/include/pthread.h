/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_PTHREAD_H
#define ABI_ILLUMOS_INCLUDE_PTHREAD_H

#include <abi/threads.h>

#define PTHREAD_CANCEL_DISABLE 1
#define PTHREAD_MUTEX_INITIALIZER {{0, 0, 0}, 0x4d58, 0, 0}
#define PTHREAD_ONCE_INIT {{0, 0, 0, 0}}

int pthread_cond_timedwait(pthread_cond_t *, pthread_mutex_t *,
                           const struct timespec *);
int pthread_condattr_destroy(pthread_condattr_t *);
int pthread_condattr_init(pthread_condattr_t *);
int pthread_condattr_setclock(pthread_condattr_t *, clockid_t);

#endif
