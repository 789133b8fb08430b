/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF objects as they lie in memory. Contract: objects.h. */
#include "objects-elf.h"

#include <string.h>

#include "os/os.h"

#ifndef NT_GNU_BUILD_ID
#define NT_GNU_BUILD_ID 3
#endif
#ifndef DF_1_NODELETE
#define DF_1_NODELETE 8
#endif
#ifndef PT_SUNW_UNWIND /* what illumos' own linker calls the same, on each CPU */
#define PT_SUNW_UNWIND 0x6464e550
#endif
#define DYNAMIC_MAX 4096 /* entries; real objects have about 30 */
#define PARTS_MAX 1024   /* segments; real objects have about 10 */
#define STRING_MAX 4096  /* a path */

uintptr_t sigprof__elf_segment_end(const struct object *object,
                                   uintptr_t address)
{
    for (unsigned i = 0; i < object->part_count; i++) {
        const ElfW(Phdr) *phdr = elf_phdr(object, i);
        uintptr_t low = object->bias + phdr->p_vaddr;

        if (phdr->p_type == PT_LOAD && (phdr->p_flags & PF_R) &&
            address - low < phdr->p_memsz)
            return low + phdr->p_memsz;
    }
    return 0;
}

/* A NUL-terminated string within a segment, or NULL. */
static const char *string_at(const struct object *object, uintptr_t address,
                             enum os_loaded_slot slot)
{
    uintptr_t end = sigprof__elf_segment_end(object, address);
    size_t bytes = end - address < STRING_MAX ? end - address : STRING_MAX;
    const char *text = end ? sigprof__os_loaded(slot, address, bytes) : NULL;

    return text && memchr(text, 0, bytes) ? text : NULL;
}

const char *sigprof__object_interpreter(const struct object *object)
{
    for (unsigned i = 0; i < object->part_count; i++) {
        if (elf_phdr(object, i)->p_type == PT_INTERP)
            return string_at(object,
                             object->bias + elf_phdr(object, i)->p_vaddr,
                             OS_LOADED_INTERPRETER);
    }
    return NULL;
}

static void take_exec(struct object *object, const ElfW(Phdr) *phdr)
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

static void take_notes(struct object *object, const ElfW(Phdr) *phdr)
{
    uintptr_t address = object->bias + phdr->p_vaddr;
    uintptr_t end = sigprof__elf_segment_end(object, address);
    size_t left = end == 0 ? 0 : end - address;
    const uint8_t *at;

    if (left > phdr->p_memsz)
        left = phdr->p_memsz;
    at = left ? sigprof__os_loaded(OS_LOADED_NOTES, address, left) : NULL;
    while (at && left >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        size_t size = sizeof *note;

        if (note->n_namesz > left || note->n_descsz > left)
            return;
        size += padded(note->n_namesz) + padded(note->n_descsz);
        if (size > left)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            memcmp(note + 1, "GNU", 4) == 0 &&
            note->n_descsz <= sizeof object->build_id) {
            object->build_id_bytes = note->n_descsz;
            memcpy(object->build_id, (const uint8_t *)(note + 1) + 4,
                   note->n_descsz);
            return;
        }
        at += size;
        left -= size;
    }
}

/* Reads the program headers. false: it is going. */
static bool look(const struct dl_phdr_info *info, struct object *object)
{
    const char *name =
        sigprof__os_loaded_name(info->dlpi_name ? info->dlpi_name : "");

    memset(object, 0, sizeof *object);
    object->bias = info->dlpi_addr;
    object->id = (uintptr_t)info->dlpi_phdr;
    object->part_count = info->dlpi_phnum < PARTS_MAX ? info->dlpi_phnum : PARTS_MAX;
    object->parts = sigprof__os_loaded(OS_LOADED_PARTS, object->id,
                                       object->part_count * sizeof(ElfW(Phdr)));
    object->name = name;
    if (!name || !object->parts)
        return false;
    for (unsigned i = 0; i < object->part_count; i++) {
        const ElfW(Phdr) *phdr = elf_phdr(object, i);

        if (phdr->p_type == PT_LOAD && (phdr->p_flags & PF_X))
            take_exec(object, phdr);
        else if (phdr->p_type == PT_NOTE && !object->build_id_bytes)
            take_notes(object, phdr);
    }
    return true;
}

uintptr_t sigprof__elf_eh_frame_hdr(const struct object *object)
{
    for (unsigned i = 0; i < object->part_count; i++) {
        if (elf_phdr(object, i)->p_type == PT_GNU_EH_FRAME ||
            elf_phdr(object, i)->p_type == PT_SUNW_UNWIND)
            return object->bias + elf_phdr(object, i)->p_vaddr;
    }
    return 0;
}

struct visit {
    int (*visit)(const struct object *object,
                 const struct object_changes *changes, void *arg);
    void *arg;
    bool any; /* the first has been seen: it is the program */
};

static int visit_one(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct visit *all = arg;
    struct object_changes changes = {false, 0, 0};
    struct object object;

    changes.counted =
        sigprof__os_loader_counts(info, size, &changes.adds, &changes.subs);
    if (!look(info, &object))
        return 0;
    object.main = !all->any; /* on most systems it has no name, on some it has */
    all->any = true;
    return all->visit(&object, &changes, all->arg);
}

int sigprof__objects_visit(int (*visit)(const struct object *object,
                                        const struct object_changes *changes,
                                        void *arg),
                           void *arg)
{
    struct visit all = {visit, arg, false};

    return dl_iterate_phdr(visit_one, &all);
}

static const ElfW(Dyn) *dynamic_of(const struct object *object, size_t *count)
{
    for (unsigned i = 0; i < object->part_count; i++) {
        const ElfW(Phdr) *phdr = elf_phdr(object, i);
        uintptr_t at = object->bias + phdr->p_vaddr;
        uintptr_t end, bytes;

        if (phdr->p_type != PT_DYNAMIC)
            continue;
        end = sigprof__elf_segment_end(object, at);
        bytes = end == 0 ? 0 : end - at;
        if (bytes > phdr->p_memsz)
            bytes = phdr->p_memsz;
        *count = bytes / sizeof(ElfW(Dyn));
        if (*count > DYNAMIC_MAX)
            *count = DYNAMIC_MAX;
        return sigprof__os_loaded(OS_LOADED_DYNAMIC, at,
                                  *count * sizeof(ElfW(Dyn)));
    }
    return NULL;
}

/* Some loaders relocate the pointers of a dynamic section, some do not. */
static uintptr_t relocated(const struct object *object, uintptr_t pointer)
{
    return pointer < object->bias ? pointer + object->bias : pointer;
}

static void take_dynamic(const struct object *object, const ElfW(Dyn) *entry,
                         uintptr_t strings, struct object_needs *needs)
{
    const char *name;

    if (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NODELETE))
        needs->never_unloaded = true;
    if ((entry->d_tag != DT_SONAME && entry->d_tag != DT_NEEDED) || !strings)
        return;
    name = string_at(object, strings + entry->d_un.d_val, OS_LOADED_STRING);
    if (!name)
        return;
    if (entry->d_tag == DT_SONAME)
        needs->name = object_hash(name);
    else if (needs->count < NEEDED_MAX)
        needs->needed[needs->count++] = object_hash(name);
}

void sigprof__object_needs(const struct object *object,
                        struct object_needs *needs)
{
    size_t count = 0;
    const ElfW(Dyn) *dynamic = dynamic_of(object, &count);
    uintptr_t strings = 0;
    size_t used = 0;

    needs->name = 0;
    needs->count = 0;
    needs->never_unloaded = false;
    for (; dynamic && used < count && dynamic[used].d_tag != DT_NULL; used++) {
        if (dynamic[used].d_tag == DT_STRTAB)
            strings = relocated(object, dynamic[used].d_un.d_ptr);
    }
    for (size_t i = 0; i < used; i++)
        take_dynamic(object, &dynamic[i], strings, needs);
    if (needs->name == 0) {
        const char *slash = strrchr(object->name, '/');

        needs->name = object_hash(slash ? slash + 1 : object->name);
    }
}
