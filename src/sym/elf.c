/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One ELF file, by libelf: its sections, its build-id, what it says of a debug
 * file; and names that outlive it. Contract: sym.h, elf_impl.h.
 */
#include "elf_impl.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 65536 /* of many names: a page or two is a few of C++ */

void sigprof__sym_names_free(struct sym_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->chunk[i]);
    free(names->chunk);
    *names = (struct sym_names){0};
}

static char *new_chunk(struct sym_names *names, size_t size)
{
    char *chunk = malloc(size);

    if (chunk && names->count == names->capacity) {
        size_t room = names->capacity ? names->capacity * 2 : 64;
        char **list = realloc(names->chunk, room * sizeof *list);

        if (!list) {
            free(chunk);
            return NULL;
        }
        names->chunk = list;
        names->capacity = room;
    }
    if (chunk)
        names->chunk[names->count++] = chunk;
    return chunk;
}

void *sigprof__sym_keep(struct sym_names *names, size_t size)
{
    const size_t align = sizeof(uint64_t) - 1;
    char *at;

    size = (size + align) & ~align;
    if (size > CHUNK_BYTES / 4)
        return new_chunk(names, size);
    if (size > names->left) {
        at = new_chunk(names, CHUNK_BYTES);
        if (!at)
            return NULL;
        names->at = at;
        names->left = CHUNK_BYTES;
    }
    at = names->at;
    names->at += size;
    names->left -= size;
    return at;
}

/* A copy that outlives the file; NULL when memory is refused. */
const char *sigprof__elf_keep_name(struct sym_names *names, const char *name,
                                   const char *suffix)
{
    size_t size = strlen(name), tail = strlen(suffix);
    char *copy = sigprof__sym_keep(names, size + tail + 1);

    if (!copy)
        return NULL;
    memcpy(copy, name, size);
    memcpy(copy + size, suffix, tail + 1);
    return copy;
}

struct sym_elf *sigprof__sym_elf_open(const void *bytes, size_t size)
{
    struct sym_elf *elf;

    if (size < EI_NIDENT || elf_version(EV_CURRENT) == EV_NONE)
        return NULL;
    elf = calloc(1, sizeof *elf);
    if (!elf)
        return NULL;
    /* libelf does not write to the image when it was not asked to. */
    elf->elf = elf_memory((char *)(uintptr_t)bytes, size);
    if (!elf->elf || elf_kind(elf->elf) != ELF_K_ELF ||
        !gelf_getehdr(elf->elf, &elf->header)) {
        elf_end(elf->elf);
        free(elf);
        return NULL;
    }
    return elf;
}

void sigprof__sym_elf_close(struct sym_elf *elf)
{
    if (elf)
        elf_end(elf->elf);
    free(elf);
}

/* ---- Sections ------------------------------------------------------------ */

const char *sigprof__elf_section_name(struct sym_elf *elf,
                                      const GElf_Shdr *header)
{
    size_t strings;
    const char *name = NULL;

    if (elf_getshdrstrndx(elf->elf, &strings) == 0)
        name = elf_strptr(elf->elf, strings, header->sh_name);
    return name ? name : "";
}

static Elf_Scn *section_named(struct sym_elf *elf, const char *wanted,
                              GElf_Shdr *header)
{
    Elf_Scn *section = NULL;

    while ((section = elf_nextscn(elf->elf, section)) != NULL)
        if (gelf_getshdr(section, header) &&
            strcmp(sigprof__elf_section_name(elf, header), wanted) == 0)
            return section;
    return NULL;
}

const uint8_t *sigprof__sym_elf_section(struct sym_elf *elf, const char *name,
                                        uint64_t *address, size_t *size)
{
    GElf_Shdr header;
    Elf_Scn *section = section_named(elf, name, &header);
    Elf_Data *data = section && header.sh_type != SHT_NOBITS
                         ? elf_rawdata(section, NULL)
                         : NULL;

    if (!data || !data->d_buf)
        return NULL;
    *address = header.sh_addr;
    *size = data->d_size;
    return data->d_buf;
}

static uint64_t number_at(const struct sym_elf *elf, const uint8_t *at,
                          unsigned size)
{
    bool big = elf->header.e_ident[EI_DATA] == ELFDATA2MSB;
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)at[big ? size - 1 - i : i] << 8 * i;
    return value;
}

/* A header in front of the bytes: kind, size, alignment. */
static bool section_header(struct sym_elf *elf, struct sym_section *section)
{
    bool is_64 = elf->header.e_ident[EI_CLASS] == ELFCLASS64;
    size_t header = is_64 ? 24 : 12;
    uint64_t kind;

    if (section->size < header)
        return false;
    kind = number_at(elf, section->at, 4);
    section->inflated_size = is_64 ? number_at(elf, section->at + 8, 8)
                                   : number_at(elf, section->at + 4, 4);
    if (kind != ELFCOMPRESS_ZLIB && kind != 2 /* ELFCOMPRESS_ZSTD */)
        return false;
    section->method = kind == ELFCOMPRESS_ZLIB ? SYM_ZLIB : SYM_ZSTD;
    section->at += header;
    section->size -= header;
    return true;
}

/* The older way of .zdebug_*: "ZLIB" and the size, big-endian. */
static void section_z(struct sym_section *section)
{
    if (section->size < 12 || memcmp(section->at, "ZLIB", 4) != 0)
        return;
    for (unsigned i = 4; i < 12; i++)
        section->inflated_size = section->inflated_size << 8 | section->at[i];
    section->method = SYM_ZLIB;
    section->at += 12;
    section->size -= 12;
}

bool sigprof__elf_find_section(struct sym_elf *elf, const char *name,
                               struct sym_section *section)
{
    GElf_Shdr header;
    Elf_Scn *at = section_named(elf, name, &header);
    Elf_Data *data =
        at && header.sh_type != SHT_NOBITS ? elf_rawdata(at, NULL) : NULL;

    *section = (struct sym_section){0};
    if (!data || !data->d_buf || data->d_size == 0)
        return false;
    section->at = data->d_buf;
    section->size = data->d_size;
    if (header.sh_flags & SHF_COMPRESSED) {
        if (!section_header(elf, section))
            *section = (struct sym_section){0};
    } else if (strncmp(name, ".z", 2) == 0) {
        section_z(section);
    }
    return section->at != NULL;
}

uint64_t sigprof__sym_elf_entry(struct sym_elf *elf)
{
    return elf->header.e_entry;
}

static Elf_Scn *section_of_type(struct sym_elf *elf, uint32_t type,
                                GElf_Shdr *header)
{
    Elf_Scn *section = NULL;

    while ((section = elf_nextscn(elf->elf, section)) != NULL)
        if (gelf_getshdr(section, header) && header->sh_type == type)
            return section;
    return NULL;
}

bool sigprof__sym_elf_has_symtab(struct sym_elf *elf)
{
    GElf_Shdr header;

    return section_of_type(elf, SHT_SYMTAB, &header) != NULL;
}

const char *sigprof__sym_elf_debuglink(struct sym_elf *elf, uint32_t *crc)
{
    GElf_Shdr header;
    Elf_Scn *section = section_named(elf, ".gnu_debuglink", &header);
    Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
    const uint8_t *end, *at;

    if (!data || !data->d_buf || data->d_size < 8)
        return NULL;
    end = memchr(data->d_buf, 0, data->d_size - 4);
    if (!end || end == data->d_buf || memchr(data->d_buf, '/', data->d_size))
        return NULL;
    /* The CRC is at the next multiple of four, in the file's byte order. */
    at = (uint8_t *)data->d_buf +
         (((size_t)(end - (uint8_t *)data->d_buf) + 4) & ~(size_t)3);
    if (at + 4 > (uint8_t *)data->d_buf + data->d_size)
        return NULL;
    if (elf->header.e_ident[EI_DATA] == ELFDATA2MSB)
        *crc = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
               (uint32_t)at[2] << 8 | at[3];
    else
        *crc = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 |
               (uint32_t)at[1] << 8 | at[0];
    return data->d_buf;
}

static size_t build_id_in(Elf_Data *data, const uint8_t **id)
{
    size_t at = 0, name, description;
    GElf_Nhdr note;

    while (data && data->d_buf &&
           (at = gelf_getnote(data, at, &note, &name, &description)) > 0)
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp((char *)data->d_buf + name, "GNU", 4) == 0 &&
            note.n_descsz > 0) {
            *id = (uint8_t *)data->d_buf + description;
            return note.n_descsz;
        }
    return 0;
}

size_t sigprof__sym_elf_build_id(struct sym_elf *elf, const uint8_t **id)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    GElf_Phdr segment;
    size_t count, size;

    *id = NULL;
    while ((section = elf_nextscn(elf->elf, section)) != NULL)
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE &&
            (size = build_id_in(elf_getdata(section, NULL), id)) > 0)
            return size;
    if (elf_getphdrnum(elf->elf, &count) != 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (gelf_getphdr(elf->elf, (int)i, &segment) &&
            segment.p_type == PT_NOTE &&
            (size = build_id_in(
                 elf_getdata_rawchunk(
                     elf->elf, (int64_t)segment.p_offset, segment.p_filesz,
                     segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR),
                 id)) > 0)
            return size;
    return 0;
}

void sigprof__sym_elf_names(struct sym_elf *elf, struct sym_elf *debug,
                            const uint64_t *addresses, size_t count,
                            struct sym_answer *answers,
                            struct sym_extent *extents, struct sym_names *names)
{
    sigprof__elf_name_by_symbols(elf, debug, addresses, count, answers, extents,
                                 names);
    if (elf) {
        sigprof__elf_name_stubs(elf, addresses, count, answers, names);
        sigprof__sym_fde_starts(elf, addresses, count, answers);
    }
}
