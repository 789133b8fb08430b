/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_DLFCN_H
#define ABI_NETBSD_INCLUDE_DLFCN_H

#include_next <dlfcn.h>

#undef RTLD_LOCAL
#define RTLD_LOCAL 0x200

#endif
