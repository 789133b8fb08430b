/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_SYS_MMAN_H
#define ABI_BSD_INCLUDE_SYS_MMAN_H

#include <sys/types.h>

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_ANON 0x1000
#define MAP_FAILED ((void *)-1)

void *mmap(void *, size_t, int, int, int, off_t);
int munmap(void *, size_t);

#endif
