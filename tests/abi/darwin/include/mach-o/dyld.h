/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_MACH_O_DYLD_H
#define ABI_DARWIN_INCLUDE_MACH_O_DYLD_H

#include <stdint.h>

struct mach_header;
const struct mach_header *_dyld_get_image_header(uint32_t);
intptr_t _dyld_get_image_vmaddr_slide(uint32_t);
const char *_dyld_get_image_name(uint32_t);
uint32_t _dyld_image_count(void);

#endif
