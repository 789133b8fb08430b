/* SPDX-License-Identifier: BSD-2-Clause */
/* The vDSO of this process, by the auxiliary vector (Linux). */
#include "sym.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

/* The kernel maps the whole image; its section headers come last. */
const void *sigprof__sym_vdso(size_t *size)
{
    const void *image = (const void *)getauxval(AT_SYSINFO_EHDR);
    const ElfW(Ehdr) *header = image;

    if (!image)
        return NULL;
    *size = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
    return image;
}
