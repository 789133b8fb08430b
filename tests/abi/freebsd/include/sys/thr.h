/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SYS_THR_H
#define ABI_FREEBSD_INCLUDE_SYS_THR_H

int thr_kill(long, int);

#endif
