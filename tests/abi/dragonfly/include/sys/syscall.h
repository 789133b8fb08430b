/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_SYS_SYSCALL_H
#define ABI_DRAGONFLY_INCLUDE_SYS_SYSCALL_H

#define SYS_sigprocmask 340
#define SYS_sigreturn 344

#endif
