/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SYS_PROC_H
#define ABI_FREEBSD_INCLUDE_SYS_PROC_H

#define SRUN 2
#define SZOMB 5

#endif
