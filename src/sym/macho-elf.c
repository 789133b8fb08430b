/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mach-O files made into ELF files in memory, which all the rest reads like any
 * other. Taken along is what names need:
 *
 * - sections, with their addresses and in their order, so that a symbol's number
 *   of its section stays right; contents of DWARF's only
 * - symbols of code, without the underscore that compilers put in front. They have
 *   no sizes there: functions get what macho.h says
 * - stubs, as NAME@plt, like ELF's
 * - the UUID, as build-id
 */
#include "../fold/bytes.h"
#include "elf_impl.h"
#include "macho.h"

#include <stdlib.h>
#include <string.h>

/* A section of the file that is made. */
struct made {
    const char *name;
    uint32_t type, link, entry;
    uint64_t flags, address, offset, size;
};

struct maker {
    size_t left;       /* of contents, in all */
    size_t names_left; /* of symbols' names */
    struct bytes out, symbols, strings, names;
    struct made made[MACHO_SECTIONS_MAX + 5];
    size_t count;
};

static void put(struct bytes *bytes, uint64_t value, unsigned size)
{
    uint8_t at[8];

    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
    sigprof__bytes_put(bytes, at, size);
}

/* Symbols that share their names could fill any memory: of such a file the rest is
 * left out. */
static void put_symbol(struct maker *maker, const char *name,
                       const char *suffix, unsigned info, unsigned section,
                       uint64_t address, uint64_t size)
{
    size_t length = strnlen(name, maker->names_left);
    size_t suffix_bytes = strlen(suffix) + 1;

    if (suffix_bytes > maker->names_left - length) {
        maker->names_left = 0;
        return;
    }
    maker->names_left -= length + suffix_bytes;
    put(&maker->symbols, maker->strings.size, 4);
    put(&maker->symbols, info, 1);
    put(&maker->symbols, 0, 1);
    put(&maker->symbols, section, 2);
    put(&maker->symbols, address, 8);
    put(&maker->symbols, size, 8);
    sigprof__bytes_put(&maker->strings, name, length);
    sigprof__bytes_put(&maker->strings, suffix, suffix_bytes);
}

static void put_functions(struct maker *maker, const struct macho *macho)
{
    for (size_t i = 0; i < macho->symbol_count; i++) {
        struct macho_symbol symbol;
        unsigned bind;
        uint64_t size;

        if (!sigprof__macho_symbol(macho, i, &symbol) ||
            !sigprof__macho_is_code(&macho->sections[symbol.section]))
            continue;
        bind = symbol.weak       ? STB_WEAK
               : symbol.external ? STB_GLOBAL
                                 : STB_LOCAL;
        size = sigprof__macho_function_bytes(macho, &symbol);
        put_symbol(maker, symbol.name, "",
                   GELF_ST_INFO(bind, size ? STT_FUNC : STT_NOTYPE),
                   symbol.section, symbol.address, size);
    }
}

static void put_stubs(struct maker *maker, const struct macho *macho,
                      unsigned index)
{
    const struct macho_section *section = &macho->sections[index];
    size_t count = sigprof__macho_stub_count(macho, section);

    for (size_t i = 0; i < count; i++) {
        const char *name = sigprof__macho_stub_name(macho, section, i);

        if (name)
            put_symbol(maker, name, "@plt", GELF_ST_INFO(STB_LOCAL, STT_FUNC),
                       index, section->address + i * section->stub_bytes,
                       section->stub_bytes);
    }
}

static void align(struct bytes *bytes)
{
    put(bytes, 0, (unsigned)(-bytes->size & 7));
}

static struct made *make_section(struct maker *maker, const char *name,
                                 uint32_t type, struct macho_span content)
{
    struct made *made = &maker->made[maker->count++];

    align(&maker->out);
    *made = (struct made){.name = name,
                          .type = type,
                          .offset = maker->out.size,
                          .size = content.size};
    sigprof__bytes_put(&maker->out, content.at, content.size);
    return made;
}

static bool is_wanted(const char *name)
{
    return strncmp(name, ".debug_", 7) == 0 ||
           strncmp(name, ".zdebug_", 8) == 0;
}

/* Sections that share their contents could fill any memory. */
static struct macho_span content_of(struct maker *maker,
                                    const struct macho *macho,
                                    const struct macho_section *section)
{
    struct macho_span content = {0};

    if (is_wanted(section->name) && section->size <= maker->left) {
        content =
            sigprof__macho_part(macho->file, section->offset, section->size);
        maker->left -= content.size;
    }
    return content;
}

static void make_like(struct maker *maker, const struct macho *macho,
                      const struct macho_section *section)
{
    struct macho_span content = content_of(maker, macho, section);
    struct made *made = make_section(
        maker, section->name, content.at ? SHT_PROGBITS : SHT_NOBITS, content);

    made->address = section->address;
    made->size = section->size;
    made->flags =
        sigprof__macho_is_code(section) ? SHF_ALLOC | SHF_EXECINSTR : 0;
}

static void make_build_id(struct maker *maker, const uint8_t *uuid)
{
    struct bytes note = {0};

    put(&note, 4, 4);
    put(&note, MACHO_UUID_BYTES, 4);
    put(&note, NT_GNU_BUILD_ID, 4);
    sigprof__bytes_put(&note, "GNU", 4);
    sigprof__bytes_put(&note, uuid, MACHO_UUID_BYTES);
    make_section(maker, ".note.gnu.build-id", SHT_NOTE,
                 (struct macho_span){note.at, note.size});
    sigprof__bytes_free(&note);
}

static void make_symbols(struct maker *maker, const struct macho *macho)
{
    struct made *table;

    put_symbol(maker, "", "", 0, 0, 0, 0);
    put_functions(maker, macho);
    for (unsigned i = 1; i <= macho->section_count; i++)
        put_stubs(maker, macho, i);
    table = make_section(
        maker, ".symtab", SHT_SYMTAB,
        (struct macho_span){maker->symbols.at, maker->symbols.size});
    table->entry = sizeof(Elf64_Sym);
    table->link = (uint32_t)maker->count;
    make_section(maker, ".strtab", SHT_STRTAB,
                 (struct macho_span){maker->strings.at, maker->strings.size});
}

/* The headers, with the names of sections in front. */
static void make_headers(struct maker *maker)
{
    static const char own[] = ".shstrtab";
    size_t names;

    for (size_t i = 0; i < maker->count; i++)
        sigprof__bytes_put(&maker->names, maker->made[i].name,
                           strlen(maker->made[i].name) + 1);
    sigprof__bytes_put(&maker->names, own, sizeof own);
    make_section(maker, own, SHT_STRTAB,
                 (struct macho_span){maker->names.at, maker->names.size});
    align(&maker->out);
    names = 0;
    for (size_t i = 0; i < maker->count; i++) {
        const struct made *made = &maker->made[i];

        put(&maker->out, names, 4);
        put(&maker->out, made->type, 4);
        put(&maker->out, made->flags, 8);
        put(&maker->out, made->address, 8);
        put(&maker->out, made->offset, 8);
        put(&maker->out, made->size, 8);
        put(&maker->out, made->link, 4);
        put(&maker->out, 0, 4);
        put(&maker->out, 1, 8);
        put(&maker->out, made->entry, 8);
        names += strlen(made->name) + 1;
    }
}

static unsigned machine_of(const struct macho *macho)
{
    switch (macho->cpu) {
    case 0x01000007:
        return EM_X86_64;
    case 0x0100000c:
        return EM_AARCH64;
    }
    return EM_NONE;
}

/* Over the room that was left for it. */
static void make_file_header(struct maker *maker, const struct macho *macho)
{
    static const uint8_t ident[EI_NIDENT] = {
        0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
    size_t sections = maker->out.size - maker->count * sizeof(Elf64_Shdr);
    struct bytes header = {0};

    sigprof__bytes_put(&header, ident, sizeof ident);
    put(&header, ET_DYN, 2);
    put(&header, machine_of(macho), 2);
    put(&header, EV_CURRENT, 4);
    put(&header, macho->text + macho->entry, 8);
    put(&header, 0, 8); /* no segments */
    put(&header, sections, 8);
    put(&header, 0, 4);
    put(&header, sizeof(Elf64_Ehdr), 2);
    put(&header, 0, 4);
    put(&header, sizeof(Elf64_Shdr), 2);
    put(&header, maker->count, 2);
    put(&header, maker->count - 1, 2);
    memcpy(maker->out.at, header.at, header.size);
    sigprof__bytes_free(&header);
}

static void make_all(struct maker *maker, const struct macho *macho)
{
    static const uint8_t none[sizeof(Elf64_Ehdr)];

    maker->left = macho->file.size;
    maker->names_left = macho->file.size; /* each of which is in there once */
    sigprof__bytes_put(&maker->out, none, sizeof none);
    make_section(maker, "", SHT_NULL, (struct macho_span){0});
    for (size_t i = 1; i <= macho->section_count; i++)
        make_like(maker, macho, &macho->sections[i]);
    if (macho->uuid)
        make_build_id(maker, macho->uuid);
    make_symbols(maker, macho);
    make_headers(maker);
    make_file_header(maker, macho);
    sigprof__bytes_free(&maker->symbols);
    sigprof__bytes_free(&maker->strings);
    sigprof__bytes_free(&maker->names);
}

void *sigprof__sym_macho_as_elf(const void *bytes, size_t size,
                                const uint8_t *id, size_t id_bytes,
                                size_t *elf_size)
{
    struct macho *macho = malloc(sizeof *macho);
    struct maker *maker = calloc(1, sizeof *maker);
    void *elf = NULL;

    if (macho && maker &&
        sigprof__macho_open(macho, bytes, size, id, id_bytes)) {
        make_all(maker, macho);
        elf = maker->out.at;
        *elf_size = maker->out.size;
        sigprof__macho_close(macho);
    }
    free(macho);
    free(maker);
    return elf;
}
