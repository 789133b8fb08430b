/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SYS_SYSCTL_H
#define ABI_DARWIN_INCLUDE_SYS_SYSCTL_H

#include <sys/types.h>

#define CTL_KERN 1
#define KERN_PROCARGS2 49
#define KERN_USRSTACK64 59

int sysctl(int *, unsigned int, void *, size_t *, void *, size_t);
int sysctlbyname(const char *, void *, size_t *, void *, size_t);

#endif
