/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF objects as they lie in memory; see modules-elf.h. */
#include "modules-elf.h"

#include <string.h>

#ifndef NT_GNU_BUILD_ID
#define NT_GNU_BUILD_ID 3
#endif
#ifndef DF_1_NODELETE
#define DF_1_NODELETE 8
#endif
#define DYNAMIC_MAX 4096 /* entries; real objects have about 30 */

uintptr_t sigprof__elf_segment_end(const struct elf_object *object,
                                   uintptr_t address)
{
    for (unsigned i = 0; i < object->phdr_count; i++) {
        const ElfW(Phdr) *phdr = &object->phdrs[i];
        uintptr_t low = object->bias + phdr->p_vaddr;

        if (phdr->p_type == PT_LOAD && (phdr->p_flags & PF_R) &&
            address - low < phdr->p_memsz)
            return low + phdr->p_memsz;
    }
    return 0;
}

/* A NUL-terminated string within a segment, or NULL. */
static const char *string_at(const struct elf_object *object, uintptr_t address)
{
    uintptr_t end = sigprof__elf_segment_end(object, address);

    if (end == 0 || !memchr((const void *)address, 0, end - address))
        return NULL;
    return (const char *)address;
}

const char *sigprof__elf_interpreter(const struct elf_object *object)
{
    for (unsigned i = 0; i < object->phdr_count; i++) {
        if (object->phdrs[i].p_type == PT_INTERP)
            return string_at(object,
                             object->bias + object->phdrs[i].p_vaddr);
    }
    return NULL;
}

static void take_exec(struct elf_object *object, const ElfW(Phdr) *phdr)
{
    uintptr_t low = object->bias + phdr->p_vaddr;
    uintptr_t high = low + phdr->p_memsz;

    if (object->low == object->high) {
        object->low = low;
        object->high = high;
    }
    if (low < object->low)
        object->low = low;
    if (high > object->high)
        object->high = high;
}

static size_t padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

static void take_notes(struct elf_object *object, const ElfW(Phdr) *phdr)
{
    uintptr_t at = object->bias + phdr->p_vaddr;
    uintptr_t end = sigprof__elf_segment_end(object, at);
    size_t left = end == 0 ? 0 : end - at;

    if (left > phdr->p_memsz)
        left = phdr->p_memsz;
    while (left >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        size_t size = sizeof *note;

        if (note->n_namesz > left || note->n_descsz > left)
            return;
        size += padded(note->n_namesz) + padded(note->n_descsz);
        if (size > left)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            memcmp(note + 1, "GNU", 4) == 0) {
            object->build_id = (const uint8_t *)(note + 1) + 4;
            object->build_id_bytes = note->n_descsz;
            return;
        }
        at += size;
        left -= size;
    }
}

void sigprof__elf_look(const struct dl_phdr_info *info,
                       struct elf_object *object)
{
    memset(object, 0, sizeof *object);
    object->bias = info->dlpi_addr;
    object->phdrs = info->dlpi_phdr;
    object->phdr_count = info->dlpi_phnum;
    object->name = info->dlpi_name ? info->dlpi_name : "";
    object->main = object->name[0] == '\0';
    for (unsigned i = 0; i < object->phdr_count; i++) {
        const ElfW(Phdr) *phdr = &object->phdrs[i];

        if (phdr->p_type == PT_LOAD && (phdr->p_flags & PF_X))
            take_exec(object, phdr);
        else if (phdr->p_type == PT_NOTE && !object->build_id)
            take_notes(object, phdr);
    }
}

uintptr_t sigprof__elf_eh_frame_hdr(const struct elf_object *object)
{
    for (unsigned i = 0; i < object->phdr_count; i++) {
        if (object->phdrs[i].p_type == PT_GNU_EH_FRAME)
            return object->bias + object->phdrs[i].p_vaddr;
    }
    return 0;
}

/* FNV-1a, never 0. */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261u;

    while (*name)
        hash = (hash ^ (unsigned char)*name++) * 16777619u;
    return hash ? hash : 1;
}

static const ElfW(Dyn) *dynamic_of(const struct elf_object *object, size_t *count)
{
    for (unsigned i = 0; i < object->phdr_count; i++) {
        const ElfW(Phdr) *phdr = &object->phdrs[i];
        uintptr_t at = object->bias + phdr->p_vaddr;
        uintptr_t end;

        if (phdr->p_type != PT_DYNAMIC)
            continue;
        end = sigprof__elf_segment_end(object, at);
        *count = end == 0 ? 0 : (end - at) / sizeof(ElfW(Dyn));
        if (*count > DYNAMIC_MAX)
            *count = DYNAMIC_MAX;
        return (const void *)at;
    }
    return NULL;
}

/* Some loaders relocate the pointers of a dynamic section, some do not. */
static uintptr_t relocated(const struct elf_object *object, uintptr_t pointer)
{
    return pointer < object->bias ? pointer + object->bias : pointer;
}

static void take_dynamic(const struct elf_object *object, const ElfW(Dyn) *entry,
                         uintptr_t strings, struct elf_needs *needs)
{
    const char *name;

    if (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NODELETE))
        needs->never_unloaded = true;
    if ((entry->d_tag != DT_SONAME && entry->d_tag != DT_NEEDED) || !strings)
        return;
    name = string_at(object, strings + entry->d_un.d_val);
    if (!name)
        return;
    if (entry->d_tag == DT_SONAME)
        needs->soname = hash_of(name);
    else if (needs->count < ELF_NEEDED_MAX)
        needs->needed[needs->count++] = hash_of(name);
}

void sigprof__elf_needs(const struct elf_object *object,
                        struct elf_needs *needs)
{
    size_t count = 0;
    const ElfW(Dyn) *dynamic = dynamic_of(object, &count);
    uintptr_t strings = 0;
    size_t used = 0;

    needs->soname = 0;
    needs->count = 0;
    needs->never_unloaded = false;
    for (; dynamic && used < count && dynamic[used].d_tag != DT_NULL; used++) {
        if (dynamic[used].d_tag == DT_STRTAB)
            strings = relocated(object, dynamic[used].d_un.d_ptr);
    }
    for (size_t i = 0; i < used; i++)
        take_dynamic(object, &dynamic[i], strings, needs);
    if (needs->soname == 0) {
        const char *slash = strrchr(object->name, '/');

        needs->soname = hash_of(slash ? slash + 1 : object->name);
    }
}
