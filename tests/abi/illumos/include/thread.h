/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_THREAD_H
#define ABI_ILLUMOS_INCLUDE_THREAD_H

#include <stddef.h>

typedef unsigned int thread_t;
int thr_create(void *, size_t, void *(*)(void *), void *, long, thread_t *);
thread_t thr_self(void);

#endif
