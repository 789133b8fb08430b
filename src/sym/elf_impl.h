/* SPDX-License-Identifier: BSD-2-Clause */
/* What elf.c, elf-symbols.c, plt.c and those that look for files share. */
#ifndef SIGPROF_SYM_ELF_IMPL_H
#define SIGPROF_SYM_ELF_IMPL_H

#include "sym.h"

#include <gelf.h>

struct sym_elf {
    Elf *elf;
    GElf_Ehdr header;
};

enum sym_method { SYM_PLAIN, SYM_ZLIB, SYM_ZSTD };

/* Bytes of a section as they are in the file. */
struct sym_section {
    const uint8_t *at; /* NULL: there is none */
    size_t size;
    enum sym_method method;
    uint64_t inflated_size; /* as it claims; if it is compressed */
};
bool sigprof__elf_find_section(struct sym_elf *elf, const char *name,
                               struct sym_section *section);

/* The bytes of a member of a zip archive that is stored as it is; false: there
 * is none of this name (zip.c). */
struct sym_member {
    const uint8_t *at;
    size_t size;
};
bool sigprof__sym_zip_member(const void *bytes, size_t size, const char *name,
                             struct sym_member *member);

/* A Mach-O file, or what a universal one has with this UUID (of another length:
 * the first), as an ELF file to be freed; NULL: it is neither (macho-elf.c). */
void *sigprof__sym_macho_as_elf(const void *bytes, size_t size,
                                const uint8_t *id, size_t id_bytes,
                                size_t *elf_size);

#define DEFAULT_DEBUG_DIR "/usr/lib/debug"

/* ROOT DIRECTORY/.build-id/xx/rest.debug; false: it does not fit. */
bool sigprof__sym_id_path(char *path, size_t room, const char *root,
                          const char *directory, const uint8_t *id,
                          size_t id_bytes);
void sigprof__sym_hex(const uint8_t *bytes, size_t size, char *out,
                      size_t room);

/* A copy of name and suffix that outlives the file; NULL: no memory. */
const char *sigprof__elf_keep_name(struct sym_names *names, const char *name,
                                   const char *suffix);

/* Never NULL. */
const char *sigprof__elf_section_name(struct sym_elf *elf,
                                      const GElf_Shdr *header);

/* As sigprof__sym_elf_names, from the symbols only (elf-symbols.c). */
void sigprof__elf_name_by_symbols(struct sym_elf *elf, struct sym_elf *debug,
                                  const uint64_t *addresses, size_t count,
                                  struct sym_answer *answers,
                                  struct sym_extent *extents,
                                  struct sym_names *names);

/* Names those of the addresses that are in stubs and have no name yet. */
void sigprof__elf_name_stubs(struct sym_elf *elf, const uint64_t *addresses,
                             size_t count, struct sym_answer *answers,
                             struct sym_names *names);

/* ---- Debug files (debug-file.c) ------------------------------------------ */

struct sym_wanted {
    const struct sym_places *places;
    const uint8_t *id;
    size_t id_bytes;
    const char *link; /* .gnu_debuglink */
    uint32_t crc;
};

bool sigprof__sym_has_id(struct sym_elf *elf, const uint8_t *id, size_t size);
/* path: the module's, as recorded. */
bool sigprof__sym_find_debug(const struct sym_wanted *wanted, const char *path,
                             struct sym_image *debug);

#endif
