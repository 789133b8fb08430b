/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dyld's list of images, of Linux' loaded objects: each gets a header in front of
 * commands, as a Mach-O image has it, which show of where the object's segments and its
 * unwind tables are. See system.h.
 */
#include "system.h"

#include <elf.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMAGES_MAX 64
#define HEADER_BYTES ABI_struct_mach_header_64
#define SEGMENT_BYTES ABI_struct_segment_command_64
#define SECTION_BYTES ABI_struct_section_64

static struct image {
    uintptr_t bias;
    const ElfW(Phdr) *phdrs;
    char path[PATH_MAX];
    unsigned char header[HEADER_BYTES + 4096];
} images[IMAGES_MAX];
static uint32_t image_count;
static unsigned long long adds;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static char *take_command(struct image *image, unsigned what, unsigned bytes)
{
    unsigned char *header = image->header;
    unsigned used = AT(uint32_t, header, ABI_struct_mach_header_64_sizeofcmds);
    char *command = (char *)header + HEADER_BYTES + used;

    if (used + bytes > sizeof image->header - HEADER_BYTES)
        abort();
    AT(uint32_t, command, 0) = what;
    AT(uint32_t, command, 4) = bytes;
    AT(uint32_t, header, ABI_struct_mach_header_64_sizeofcmds) += bytes;
    AT(uint32_t, header, ABI_struct_mach_header_64_ncmds) += 1;
    return command;
}

static char *take_segment(struct image *image, const ElfW(Phdr) *phdr,
                          const char *name, unsigned sections)
{
    char *segment = take_command(image, ABI_LC_SEGMENT_64,
                                 SEGMENT_BYTES + sections * SECTION_BYTES);

    strcpy(segment + ABI_struct_segment_command_64_segname, name);
    AT(uint64_t, segment, ABI_struct_segment_command_64_vmaddr) = phdr->p_vaddr;
    AT(uint64_t, segment, ABI_struct_segment_command_64_vmsize) = phdr->p_memsz;
    AT(int, segment, ABI_struct_segment_command_64_initprot) =
        (phdr->p_flags & PF_R ? ABI_VM_PROT_READ : 0) |
        (phdr->p_flags & PF_X ? ABI_VM_PROT_EXECUTE : 0);
    AT(uint32_t, segment, ABI_struct_segment_command_64_nsects) = sections;
    return segment + SEGMENT_BYTES;
}

/* From .eh_frame_hdr's pointer, which has 4 bytes and counts from itself. */
static void put_frames(char *section, const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
        const unsigned char *hdr = (void *)(info->dlpi_addr + phdr->p_vaddr);
        uint64_t frames;

        if (phdr->p_type != PT_GNU_EH_FRAME)
            continue;
        if (hdr[1] != 0x1b)
            abort();
        frames = phdr->p_vaddr + 4 + (uint64_t)(int64_t)AT(const int, hdr, 4);
        for (int n = 0; n < info->dlpi_phnum; n++) {
            const ElfW(Phdr) *load = &info->dlpi_phdr[n];

            if (load->p_type != PT_LOAD || frames - load->p_vaddr >= load->p_memsz)
                continue;
            strcpy(section, "__eh_frame");
            strcpy(section + 16, "__TEXT");
            AT(uint64_t, section, ABI_struct_section_64_addr) = frames;
            AT(uint64_t, section, ABI_struct_section_64_size) =
                load->p_vaddr + load->p_memsz - frames;
        }
    }
}

static void put_uuid(struct image *image, const ElfW(Phdr) *phdr)
{
    const ElfW(Nhdr) *note = (void *)(image->bias + phdr->p_vaddr);

    if (note->n_type == NT_GNU_BUILD_ID && note->n_descsz == 16)
        memcpy(take_command(image, ABI_LC_UUID, ABI_struct_uuid_command) + 8,
               (const char *)(note + 1) + 4, 16);
}

static void put_dylib(struct image *image, unsigned what, const char *name)
{
    unsigned bytes =
        (ABI_struct_dylib_command + (unsigned)strlen(name) + 8) & ~7u;
    char *command = take_command(image, what, bytes);

    AT(uint32_t, command, 8) = ABI_struct_dylib_command;
    strcpy(command + ABI_struct_dylib_command, name);
}

static void make_image(struct image *image, const struct dl_phdr_info *info,
                       bool main)
{
    bool text = false;

    memset(image, 0, sizeof *image);
    image->bias = info->dlpi_addr;
    image->phdrs = info->dlpi_phdr;
    snprintf(image->path, sizeof image->path, "%s", info->dlpi_name);
    if (main && readlink("/proc/self/exe", image->path, PATH_MAX - 1) < 0)
        abort();
    AT(uint32_t, image->header, 0) = ABI_MH_MAGIC_64;
    AT(uint32_t, image->header, ABI_struct_mach_header_64_filetype) =
        main ? ABI_MH_EXECUTE : 6;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];

        if (phdr->p_type == PT_NOTE)
            put_uuid(image, phdr);
        if (phdr->p_type != PT_LOAD)
            continue;
        if (phdr->p_flags & PF_X && !text) {
            put_frames(take_segment(image, phdr, "__TEXT", 1), info);
            text = true;
        } else {
            take_segment(image, phdr, "__OTHER", 0);
        }
    }
    if (main)
        put_dylib(image, ABI_LC_LOAD_DYLIB, "/lib/x86_64-linux-gnu/libc.so.6");
    else
        put_dylib(image, ABI_LC_ID_DYLIB, image->path);
}

static int list_one(struct dl_phdr_info *info, size_t size, void *arg)
{
    unsigned *count = arg;
    struct image *image = &images[*count];

    (void)size;
    if (*count == IMAGES_MAX)
        abort();
    if (image->phdrs != info->dlpi_phdr)
        make_image(image, info, *count == 0);
    ++*count;
    adds = info->dlpi_adds + info->dlpi_subs;
    return 0;
}

static int has_changed(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    return info->dlpi_adds + info->dlpi_subs != adds ? 1 : 2;
}

uint32_t darwin__dyld_image_count(void);
const void *darwin__dyld_get_image_header(uint32_t index);
intptr_t darwin__dyld_get_image_vmaddr_slide(uint32_t index);
const char *darwin__dyld_get_image_name(uint32_t index);

uint32_t darwin__dyld_image_count(void)
{
    unsigned count = 0;

    pthread_mutex_lock(&lock);
    if (dl_iterate_phdr(has_changed, NULL) == 1) {
        dl_iterate_phdr(list_one, &count);
        image_count = count;
    }
    pthread_mutex_unlock(&lock);
    return image_count;
}

const void *darwin__dyld_get_image_header(uint32_t index)
{
    return index < image_count ? images[index].header : NULL;
}

intptr_t darwin__dyld_get_image_vmaddr_slide(uint32_t index)
{
    return index < image_count ? (intptr_t)images[index].bias : 0;
}

const char *darwin__dyld_get_image_name(uint32_t index)
{
    return index < image_count ? images[index].path : NULL;
}
