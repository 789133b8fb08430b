/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of an index, from its file and into it. Theory: index-files.c. */
#ifndef SIGPROF_SYM_INDEX_FILES_H
#define SIGPROF_SYM_INDEX_FILES_H

#include "index.h"

#define INDEX_FILE_MAX (UINT64_C(1) << 26) /* of one module, 64 MiB */

/* In memory that lives as long as the names; NULL: none. Read and not mapped: what
 * others do to the file meanwhile cannot hurt. */
const void *sigprof__index_read(const struct sym_index_key *key,
                                struct sym_names *names, size_t *size);

/* Then the cache is bounded. What cannot be written is not kept. */
void sigprof__index_write(const struct sym_index_key *key, const char *bytes,
                          size_t size);

#endif
