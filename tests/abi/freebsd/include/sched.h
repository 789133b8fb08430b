/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SCHED_H
#define ABI_FREEBSD_INCLUDE_SCHED_H

int sched_yield(void);

#endif
