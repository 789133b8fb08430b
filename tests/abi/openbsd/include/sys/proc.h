/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SYS_PROC_H
#define ABI_OPENBSD_INCLUDE_SYS_PROC_H

#define SRUN 2
#define SDEAD 6
#define SONPROC 7

#endif
