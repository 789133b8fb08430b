/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF objects: what only those have. See objects.h. */
#ifndef SIGPROF_OBJECTS_ELF_H
#define SIGPROF_OBJECTS_ELF_H

#include <link.h>

#include "objects.h"

#ifndef ElfW /* not in every BSD's <link.h> */
#define ElfW(type) __ElfN(type)
#endif

static inline const ElfW(Phdr) *elf_phdr(const struct object *object,
                                         unsigned index)
{
    return (const ElfW(Phdr) *)object->parts + index;
}

/* The segment that holds address and is readable: its end; 0 if there is none. */
uintptr_t sigprof__elf_segment_end(const struct object *object,
                                   uintptr_t address);

/* Address of .eh_frame_hdr, 0 if there is none. */
uintptr_t sigprof__elf_eh_frame_hdr(const struct object *object);

#endif
