/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses to names: one pass for each module. Ordinary code of the command,
 * never of the library.
 *
 * Files are hostile input: every offset is bounded, and a file that is not what
 * it should be costs names, never more.
 */
#ifndef SIGPROF_SYM_H
#define SIGPROF_SYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- One object file in memory (elf.c, elf-symbols.c) -------------------- */

/* A function that an address is in, itself or inlined. */
struct sym_place {
    const char *name;  /* as its file has it, mangled or not; NULL: not known */
    const char *shown; /* the same for people */
    const char *file;  /* path of the source; NULL: not known */
    uint32_t line; /* that runs here, or that calls the next; 0: not known */
};

struct sym_answer {
    const char *name;  /* as in the symbol table, else as the debug information
                          says; NULL: none covers it */
    const char *shown; /* the same for people */
    uint64_t start;    /* of the symbol; without one, of the function as far as
                          it is known, or 0 */
    /* The outermost function first, then what was inlined into it; a single
     * one where nothing was, none where nothing but the name is known. */
    struct sym_place *places;
    uint32_t place_count;
};

/* What answers point to, kept until freed. Equal pointers for addresses of one
 * symbol. */
struct sym_names {
    char **chunk;
    size_t count, capacity;
    char *at; /* in the last chunk */
    size_t left;
};
void sigprof__sym_names_free(struct sym_names *names);
/* Bytes for any kind of object; NULL: no memory. */
void *sigprof__sym_keep(struct sym_names *names, size_t size);

/* An answer is the same for all addresses from low to high. */
struct sym_extent {
    uint64_t low, high;
};

struct sym_elf;

/* NULL if the bytes are not an object file. The bytes must outlive it. */
struct sym_elf *sigprof__sym_elf_open(const void *bytes, size_t size);
void sigprof__sym_elf_close(struct sym_elf *elf);

/* The build-id's bytes, inside the file; 0 and NULL if it has none. */
size_t sigprof__sym_elf_build_id(struct sym_elf *elf, const uint8_t **id);
bool sigprof__sym_elf_has_symtab(struct sym_elf *elf);
/* The debug file's name in .gnu_debuglink and its CRC; NULL: no such thing. */
const char *sigprof__sym_elf_debuglink(struct sym_elf *elf, uint32_t *crc);

/* The bytes of a section and its link address; NULL: there is none. */
const uint8_t *sigprof__sym_elf_section(struct sym_elf *elf, const char *name,
                                        uint64_t *address, size_t *size);
uint64_t sigprof__sym_elf_entry(struct sym_elf *elf);

/* Starts of the functions of addresses that have no name (fde.c). */
void sigprof__sym_fde_starts(struct sym_elf *elf, const uint64_t *addresses,
                             size_t count, struct sym_answer *answers);

/*
 * Names the addresses (link addresses, ascending) by the symbols of the object
 * and, where it is not NULL, of its debug file. Answers must come zeroed; those
 * that have a name already are left alone.
 * extents may be NULL.
 */
void sigprof__sym_elf_names(struct sym_elf *elf, struct sym_elf *debug,
                            const uint64_t *addresses, size_t count,
                            struct sym_answer *answers,
                            struct sym_extent *extents,
                            struct sym_names *names);

/* ---- One file (image.c) -------------------------------------------------- */

struct sym_image {
    void *bytes;
    size_t size;
    struct sym_elf *elf; /* NULL: no object file */
    void *made;          /* the ELF file, if the bytes are Mach-O */
    char *path;
    uint64_t device, inode, mtime_ns;
    uint64_t changed_ns; /* the file, or its place; since 1970 */
};

/* From now on a file that is cut while it is read is zeros behind the cut, where
 * the process would have ended by SIGBUS. */
void sigprof__sym_outlive_cuts(void);

/* 0 or an errno. Only regular files are read; a FIFO cannot hold us. A path that
 * is no file can be one of a library inside an archive, ARCHIVE!/MEMBER. A file
 * that holds several (macOS: for several CPUs) gives the one with this build-id;
 * without one, the first. */
int sigprof__sym_image_open(const char *path, const uint8_t *id,
                            size_t id_bytes, struct sym_image *image);
void sigprof__sym_image_close(struct sym_image *image);

/* ---- Which file (find.c) ------------------------------------------------- */

/* Who reads DWARF. */
enum sym_reader {
    SYM_READER_BOTH, /* ours, and libdwarf what ours declines */
    SYM_READER_OURS,
    SYM_READER_LIBDWARF /* it alone: what a test compares with ours */
};

struct sym_places {
    const char *symfs; /* put before recorded paths; NULL: nothing */
    const char *const *debug_dirs; /* before /usr/lib/debug */
    size_t debug_dir_count;
    const char *cache; /* folder of indexes; NULL: none is read or written */
    enum sym_reader reader;
};

struct sym_module {
    const char *path; /* as recorded, " (deleted)" taken off */
    const uint8_t *build_id;
    size_t build_id_bytes; /* 0: it had none, or it is not known */
    bool no_file;          /* the vDSO */
    uint64_t seen_ns;      /* when it was mapped, since 1970; 0: not known */
};

enum sym_state {
    SYM_NAMED,   /* answers are what the right file says */
    SYM_NO_FILE, /* nothing at the path, no debug file */
    SYM_NOT_ELF, /* something else is at the path */
    SYM_MISMATCH /* another build is at the path: names withheld */
};

struct sym_report {
    enum sym_state state;
    char found_id[2 * 64 + 1]; /* with SYM_MISMATCH: hexadecimal, or "none" */
    int error;                 /* with SYM_NO_FILE: errno of the open */
    bool unverified; /* with SYM_NAMED: no build-id, and a file that was changed
                        since it was mapped */
};

/* Thread-safe, for different names. */
void sigprof__sym_resolve(const struct sym_places *places,
                          const struct sym_module *module,
                          const uint64_t *addresses, size_t count,
                          struct sym_answer *answers, struct sym_names *names,
                          struct sym_report *report);

/* The vDSO of this process; NULL if there is none (vdso.c or no-vdso.c). */
const void *sigprof__sym_vdso(size_t *size);

/* ---- How names are shown (demangle.c) ------------------------------------ */

/* Longer names are cut: a picture shows a hundred letters of them. */
#define SYM_NAME_MAX 65536

/*
 * The name for people, put into out (SYM_NAME_MAX bytes) without a NUL: version
 * and clone suffixes off, C++, Rust and D demangled. Returns its length.
 */
size_t sigprof__sym_display(const char *raw, char *out);

/* The length of raw without ".cold", ".part.0", ".constprop.1" and the like. */
size_t sigprof__sym_without_clone(const char *raw, size_t size);

#endif
