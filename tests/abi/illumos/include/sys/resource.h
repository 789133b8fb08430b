/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_RESOURCE_H
#define ABI_ILLUMOS_INCLUDE_SYS_RESOURCE_H

#define RLIMIT_STACK 3

typedef unsigned long rlim_t;
struct rlimit {
    rlim_t rlim_cur;
    rlim_t rlim_max;
};
int getrlimit(int, struct rlimit *);

#endif
