/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_ABI_OBJECTS_H
#define ABI_COMMON_INCLUDE_ABI_OBJECTS_H

/* What is the same in <link.h>, but for the end of what the loader tells. */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define PT_LOAD 1
#define PT_DYNAMIC 2
#define PT_INTERP 3
#define PT_NOTE 4
#define PT_PHDR 6
#define PT_TLS 7
#define PT_GNU_EH_FRAME 0x6474e550
#define PF_X 1
#define PF_W 2
#define PF_R 4
#define DT_NULL 0
#define DT_NEEDED 1
#define DT_HASH 4
#define DT_STRTAB 5
#define DT_SYMTAB 6
#define DT_STRSZ 10
#define DT_SONAME 14
#define DT_FLAGS_1 0x6ffffffb
#define DF_1_NODELETE 8

typedef uint32_t Elf32_Addr, Elf64_Word;
typedef uint16_t Elf32_Half, Elf64_Half;
typedef uint64_t Elf64_Addr;
typedef struct {
    uint32_t p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_flags,
        p_align;
} Elf32_Phdr;
typedef struct {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} Elf64_Phdr;
typedef struct {
    int32_t d_tag;
    union {
        uint32_t d_val, d_ptr;
    } d_un;
} Elf32_Dyn;
typedef struct {
    int64_t d_tag;
    union {
        uint64_t d_val, d_ptr;
    } d_un;
} Elf64_Dyn;
typedef struct {
    uint32_t n_namesz, n_descsz, n_type;
} Elf32_Nhdr, Elf64_Nhdr;

#if defined(__LP64__)
#define ElfW(type) Elf64_##type
#else
#define ElfW(type) Elf32_##type
#endif

struct dl_phdr_info;
int dl_iterate_phdr(int (*)(struct dl_phdr_info *, size_t, void *), void *);

#endif
