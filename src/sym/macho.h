/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What names need of a Mach-O file: macho.c reads it, macho-elf.c makes an ELF
 * file of it.
 *
 * Sources: <mach-o/loader.h>, <mach-o/nlist.h>, <mach-o/fat.h> of Apple's
 * cctools. Only files of 64 bits are read; all of those are little-endian.
 */
#ifndef SIGPROF_SYM_MACHO_H
#define SIGPROF_SYM_MACHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHO_SECTIONS_MAX 255 /* a symbol's section is one byte */
#define MACHO_UUID_BYTES 16

struct macho_span {
    const uint8_t *at;
    size_t size;
};

struct macho_section {
    uint64_t address, size, offset;
    uint32_t flags;
    uint32_t first_import, stub_bytes; /* of stubs */
    char name[24];                     /* as ELF has it */
};

struct macho {
    struct macho_span file;
    uint32_t cpu; /* <mach/machine.h> */
    struct macho_section sections[MACHO_SECTIONS_MAX + 1]; /* [0] is none */
    size_t section_count;
    struct macho_span symbols, strings, imports; /* imports: indirect symbols */
    size_t symbol_count;
    const uint8_t *uuid;
    uint64_t text, entry;    /* where the header is mapped; from there */
    struct macho_span delta; /* LC_FUNCTION_STARTS */
    uint64_t *starts;        /* of functions, ascending */
    size_t start_count, start_room;
};

struct macho_symbol {
    const char *name;
    uint64_t address;
    unsigned section;
    bool external, weak;
};

/* Lies in the bytes, or, of a universal file, in the part for one CPU: the one
 * with this UUID, else the first that can be read. False if it is neither. */
bool sigprof__macho_open(struct macho *macho, const void *bytes, size_t size,
                         const uint8_t *id, size_t id_bytes);
void sigprof__macho_close(struct macho *macho);

/* Symbol by number, below macho->symbol_count. False if it is no place in this
 * file; the name is set where it has one, else NULL. */
bool sigprof__macho_symbol(const struct macho *macho, size_t number,
                           struct macho_symbol *symbol);

/* Bytes of the function that starts where the symbol is; 0: none does. */
uint64_t sigprof__macho_function_bytes(const struct macho *macho,
                                       const struct macho_symbol *symbol);

bool sigprof__macho_is_code(const struct macho_section *section);

/* How many imports have a stub in the section; the name of one, NULL: none. */
size_t sigprof__macho_stub_count(const struct macho *macho,
                                 const struct macho_section *section);
const char *sigprof__macho_stub_name(const struct macho *macho,
                                     const struct macho_section *section,
                                     size_t stub);

/* Empty if not all of it is in there. */
static inline struct macho_span
sigprof__macho_part(struct macho_span whole, uint64_t offset, uint64_t size)
{
    if (offset > whole.size || size > whole.size - offset)
        return (struct macho_span){0};
    return (struct macho_span){whole.at + offset, (size_t)size};
}

#endif
