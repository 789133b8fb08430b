/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SYS_MMAN_H
#define ABI_DARWIN_INCLUDE_SYS_MMAN_H

#include <abi/mappings.h>

#define MAP_ANON 0x1000

#endif
