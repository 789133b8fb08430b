/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_PTHREAD_NP_H
#define ABI_OPENBSD_INCLUDE_PTHREAD_NP_H

#include <pthread.h>
#include <signal.h>

int pthread_stackseg_np(pthread_t, stack_t *);

#endif
