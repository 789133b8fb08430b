/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_DLFCN_H
#define ABI_DARWIN_INCLUDE_DLFCN_H

#define RTLD_NOW 2
#define RTLD_LOCAL 4
#define RTLD_DEFAULT ((void *)-2)

void *dlopen(const char *, int);
void *dlsym(void *, const char *);
int dlclose(void *);

#endif
