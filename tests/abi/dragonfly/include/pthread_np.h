/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_PTHREAD_NP_H
#define ABI_DRAGONFLY_INCLUDE_PTHREAD_NP_H

#include <pthread.h>

int pthread_attr_get_np(pthread_t, pthread_attr_t *);

#endif
