/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses to functions, inlined functions and source lines, by DWARF 2 to 5.
 * Theory: dwarf.c.
 */
#ifndef SIGPROF_SYM_DWARF_H
#define SIGPROF_SYM_DWARF_H

#include "elf_impl.h"

struct sym_dwarf;

/* Where files of split DWARF and supplements of dwz are looked for. */
struct sym_dwarf_places {
    const char *path;    /* of the file with the DWARF; NULL: only in memory */
    const char *program; /* of the program it belongs to, or NULL */
    const struct sym_places *places;
    const struct sym_image *image; /* the file; NULL: no second reader */
};

/* NULL: there is none in the file. The strings, and elf, must outlive it. */
struct sym_dwarf *sigprof__sym_dwarf_open(struct sym_elf *elf,
                                          const struct sym_dwarf_places *where);
void sigprof__sym_dwarf_close(struct sym_dwarf *dwarf);

/*
 * Gives places to the answers of the addresses (link addresses, ascending), and
 * a name where they have none. extents may be NULL. False if a file that the
 * DWARF speaks of was not found: another time the answers may be better.
 */
bool sigprof__sym_dwarf_answer(struct sym_dwarf *dwarf,
                               const uint64_t *addresses, size_t count,
                               struct sym_answer *answers,
                               struct sym_extent *extents,
                               struct sym_names *names);

#endif
