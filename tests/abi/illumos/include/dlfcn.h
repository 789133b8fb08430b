/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_DLFCN_H
#define ABI_ILLUMOS_INCLUDE_DLFCN_H

#include_next <dlfcn.h>

#define RTLD_NEXT ((void *)-1)

typedef struct {
    const char *dli_fname;
    void *dli_fbase;
    const char *dli_sname;
    void *dli_saddr;
} Dl_info;
int dladdr(void *, Dl_info *);

#endif
