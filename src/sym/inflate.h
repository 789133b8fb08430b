/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressed sections and the compressed symbols of a stripped file. */
#ifndef SIGPROF_SYM_INFLATE_H
#define SIGPROF_SYM_INFLATE_H

#include "elf_impl.h"

/* Memory that was inflated to; at NULL: none. */
struct sym_inflated {
    uint8_t *at;
    size_t size;
};
void sigprof__sym_inflated_free(struct sym_inflated *inflated);

/* A section as sigprof__elf_find_section gives it. False: it is damaged, or
 * compressed in a way that this build cannot read. */
bool sigprof__sym_inflate(const struct sym_section *section,
                          struct sym_inflated *out);

/* The bytes of an .xz file (.gnu_debugdata). */
bool sigprof__sym_inflate_xz(const uint8_t *at, size_t size,
                             struct sym_inflated *out);

#endif
