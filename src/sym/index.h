/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers kept on disk, so that debug information is read once. Theory:
 * index.c.
 */
#ifndef SIGPROF_SYM_INDEX_H
#define SIGPROF_SYM_INDEX_H

#include "sym.h"

/* Which index: that of a module, made from these very files. */
struct sym_index_key {
    const char *directory; /* NULL: nothing is kept */
    const uint8_t *id;     /* the build-id; size 0: it has none */
    size_t id_bytes;
    uint64_t files; /* sigprof__sym_index_files of all of them */
};

/* A number for a file as it is now, added to that of others. */
uint64_t sigprof__sym_index_files(uint64_t before,
                                  const struct sym_image *image);

struct sym_index;

/* What is kept for the key; NULL: nothing that is whole and still true. It
 * lives, and what it answers with, as long as names. */
struct sym_index *sigprof__sym_index_open(const struct sym_index_key *key,
                                          struct sym_names *names);

/* The same of bytes in memory, which must outlive it; aligned for a uint64_t.
 */
struct sym_index *sigprof__sym_index_of(const void *bytes, size_t size,
                                        uint64_t files,
                                        struct sym_names *names);
/* Makes bytes that have the layout believed: writes the size and checksum. */
void sigprof__sym_index_seal(void *bytes, size_t size);

/* Answers the addresses (ascending) that it can; the rest have known[i] false.
 * Returns how many it could not. */
size_t sigprof__sym_index_answer(struct sym_index *index,
                                 const uint64_t *addresses, size_t count,
                                 struct sym_answer *answers, bool *known);

/* Keeps these answers, and those of `old`, which may be NULL. What cannot be
 * written is not kept. */
void sigprof__sym_index_keep(const struct sym_index_key *key,
                             struct sym_index *old, const uint64_t *addresses,
                             size_t count, const struct sym_answer *answers,
                             const struct sym_extent *extents);

/* Takes away what was not used for the longest time until the folder is not
 * above most_bytes; called by the above. */
void sigprof__sym_index_bound(const char *directory, uint64_t most_bytes);

/* The folder to use: `asked`, which is made, or for NULL the default one, if
 * the user has a place for caches. NULL: none; errno says why one that was
 * asked for is of no use. */
const char *sigprof__sym_index_folder(const char *asked, char *room,
                                      size_t size);

#endif
