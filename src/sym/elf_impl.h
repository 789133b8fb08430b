/* SPDX-License-Identifier: BSD-2-Clause */
/* What elf.c and plt.c share. */
#ifndef SIGPROF_SYM_ELF_IMPL_H
#define SIGPROF_SYM_ELF_IMPL_H

#include "sym.h"

#include <gelf.h>

struct sym_elf {
    Elf *elf;
    GElf_Ehdr header;
};

/* A copy of name and suffix that outlives the file; NULL: no memory. */
const char *sigprof__elf_keep_name(struct sym_names *names, const char *name,
                                   const char *suffix);

/* Never NULL. */
const char *sigprof__elf_section_name(struct sym_elf *elf,
                                      const GElf_Shdr *header);

/* As sigprof__sym_elf_names, without the stubs. */
void sigprof__elf_name_by_symbols(struct sym_elf *elf, struct sym_elf *debug,
                                  const uint64_t *addresses, size_t count,
                                  struct sym_answer *answers,
                                  struct sym_names *names);

/* Names those of the addresses that are in stubs and have no name yet. */
void sigprof__elf_name_stubs(struct sym_elf *elf, const uint64_t *addresses,
                             size_t count, struct sym_answer *answers,
                             struct sym_names *names);

#endif
