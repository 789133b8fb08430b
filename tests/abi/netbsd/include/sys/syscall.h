/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_SYS_SYSCALL_H
#define ABI_NETBSD_INCLUDE_SYS_SYSCALL_H

#define SYS___sigprocmask14 293

#endif
