/* SPDX-License-Identifier: BSD-2-Clause */
/* Mach-O images: what only those have. See objects.h. */
#ifndef SIGPROF_OBJECTS_MACHO_H
#define SIGPROF_OBJECTS_MACHO_H

#include "objects.h"

/* Copies memory that another thread may unmap meanwhile. false: not all is there. */
bool sigprof__macho_copy(uintptr_t from, void *to, size_t bytes);

/* Where a section of the segment __TEXT lies; false: there is none. */
bool sigprof__macho_section(const struct object *object, const char *name,
                            uintptr_t *low, uintptr_t *high);

/* The readable and executable segment that is largest; false: there is none. */
bool sigprof__macho_code(const struct object *object, uintptr_t *low,
                         uintptr_t *high);

#endif
