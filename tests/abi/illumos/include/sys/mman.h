/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_MMAN_H
#define ABI_ILLUMOS_INCLUDE_SYS_MMAN_H

#include <abi/mappings.h>

#define MAP_NORESERVE 0x40
#define MAP_ANON 0x100

#endif
