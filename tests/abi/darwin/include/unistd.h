/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_UNISTD_H
#define ABI_DARWIN_INCLUDE_UNISTD_H

#include <abi/calls.h>

#define _SC_PAGESIZE 29
#define _CS_DARWIN_USER_TEMP_DIR 65537

size_t confstr(int, char *, size_t);
int gethostname(char *, size_t);

#endif
