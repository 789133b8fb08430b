/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_THREAD_H
#define ABI_ILLUMOS_INCLUDE_THREAD_H

typedef unsigned int thread_t;
thread_t thr_self(void);

#endif
