/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_SCHED_H
#define ABI_COMMON_INCLUDE_SCHED_H

int sched_yield(void);

#endif
