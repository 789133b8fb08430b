/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_SYS_MMAN_H
#define ABI_BSD_INCLUDE_SYS_MMAN_H

#include <abi/mappings.h>

#define PROT_EXEC 4
#define MAP_ANON 0x1000

#endif
