/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an ELF object in memory says of itself. All of it runs in ordinary code,
 * inside a dl_iterate_phdr callback, where the loader's lock keeps the object
 * mapped. Nothing outside the object's own segments is read, whatever its
 * tables claim.
 */
#ifndef SIGPROF_MODULES_ELF_H
#define SIGPROF_MODULES_ELF_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef ElfW /* not in every BSD's <link.h> */
#define ElfW(type) __ElfN(type)
#endif

struct elf_object {
    uintptr_t bias;
    const ElfW(Phdr) *phdrs;
    unsigned phdr_count;
    const char *name;  /* the loader's */
    bool main;         /* the program: its name is "" on most systems */
    uintptr_t low;     /* the executable segments, from the first ... */
    uintptr_t high;    /* ... to the last; equal if there is none */
    const uint8_t *build_id;
    size_t build_id_bytes;
};

/* Reads the program headers. */
void sigprof__elf_look(const struct dl_phdr_info *info,
                       struct elf_object *object);

/* The loader that a program asks for, or NULL. */
const char *sigprof__elf_interpreter(const struct elf_object *object);

/* The segment that holds address and is readable: its end; 0 if there is none. */
uintptr_t sigprof__elf_segment_end(const struct elf_object *object,
                                   uintptr_t address);

/* Address of .eh_frame_hdr, 0 if there is none. */
uintptr_t sigprof__elf_eh_frame_hdr(const struct elf_object *object);

/*
 * Who is needed by whom, to tell what the loader will never unmap: the main
 * program and what it needs, directly or not. Names are compared as hashes; two
 * that collide make an object permanent only if one of them is.
 */
#define ELF_NEEDED_MAX 64 /* objects with more are rare; the rest is copied */

struct elf_needs {
    uint32_t soname; /* hash; 0: none */
    uint32_t count;
    uint32_t needed[ELF_NEEDED_MAX]; /* hashes */
    bool never_unloaded;             /* DF_1_NODELETE */
};
void sigprof__elf_needs(const struct elf_object *object,
                        struct elf_needs *needs);

#endif
