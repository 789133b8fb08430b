/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_SYS_SYSCTL_H
#define ABI_DRAGONFLY_INCLUDE_SYS_SYSCTL_H

#include <sys/types.h>

#define CTL_KERN 1
#define KERN_CLOCKRATE 12
#define KERN_PROC 14
#define KERN_BOOTTIME 21
#define KERN_USRSTACK 33
#define KERN_PROC_PID 1
#define KERN_PROC_ARGS 7
#define KERN_PROC_PATHNAME 9
#define KERN_PROC_FLAG_LWP 0x10

int sysctl(const int *, unsigned int, void *, size_t *, const void *, size_t);

#endif
