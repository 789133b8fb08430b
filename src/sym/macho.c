/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads Mach-O files, thin and universal ones. Contract: macho.h. */
#include "macho.h"

#include "../fold/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_64 0xfeedfacfu
#define UNIVERSAL 0xcafebabeu /* a Java class, too */
#define UNIVERSAL_64 0xcafebabfu
#define CPUS_MAX 32
#define HEADER_BYTES 32

#define SEGMENT_64 0x19u
#define SEGMENT_BYTES 72
#define SECTION_BYTES 80
#define SYMTAB 0x2u
#define DYSYMTAB 0xbu
#define UUID 0x1bu
#define FUNCTION_STARTS 0x26u
#define MAIN 0x80000028u

/* Of section flags. */
#define TYPE_MASK 0xffu
#define TYPE_STUBS 8u
#define CODE (0x80000000u | 0x400u) /* pure, or some, instructions */

/* Of symbols. */
#define NLIST_BYTES 16
#define TYPE_DEBUG 0xe0
#define TYPE_WHERE 0x0e
#define IN_SECTION 0x0e
#define EXTERNAL 0x01
#define WEAK 0x80

static uint64_t little(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes--)
        value = value << 8 | at[bytes];
    return value;
}

static uint64_t big(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* "__text" is ".text". A name has 16 letters there, so one of DWARF's is cut.
 */
static void take_name(struct macho_section *section, const char *in)
{
    int size = (int)strnlen(in, 16);
    bool ours = size > 2 && memcmp(in, "__", 2) == 0;

    snprintf(section->name, sizeof section->name, "%s%.*s", ours ? "." : "",
             ours ? size - 2 : size, ours ? in + 2 : in);
    if (strcmp(section->name, ".debug_str_offs") == 0)
        strcpy(section->name, ".debug_str_offsets");
}

static void take_section(struct macho *macho, const uint8_t *in)
{
    struct macho_section *section;

    if (macho->section_count == MACHO_SECTIONS_MAX)
        return;
    section = &macho->sections[++macho->section_count];
    take_name(section, (const char *)in);
    section->address = little(in + 32, 8);
    section->size = little(in + 40, 8);
    section->offset = little(in + 48, 4);
    section->flags = (uint32_t)little(in + 64, 4);
    section->first_import = (uint32_t)little(in + 68, 4);
    section->stub_bytes = (uint32_t)little(in + 72, 4);
}

static void take_segment(struct macho *macho, struct macho_span command)
{
    uint64_t count;

    if (command.size < SEGMENT_BYTES)
        return;
    count = little(command.at + 64, 4);
    if (strncmp((const char *)command.at + 8, "__TEXT", 16) == 0)
        macho->text = little(command.at + 24, 8);
    for (uint64_t i = 0; i < count; i++) {
        struct macho_span section = sigprof__macho_part(
            command, SEGMENT_BYTES + i * SECTION_BYTES, SECTION_BYTES);

        if (!section.at)
            return;
        take_section(macho, section.at);
    }
}

static void take_symbols(struct macho *macho, struct macho_span command)
{
    if (command.size < 24)
        return;
    macho->symbols =
        sigprof__macho_part(macho->file, little(command.at + 8, 4),
                            little(command.at + 12, 4) * NLIST_BYTES);
    macho->strings = sigprof__macho_part(
        macho->file, little(command.at + 16, 4), little(command.at + 20, 4));
    while (macho->strings.size &&
           macho->strings.at[macho->strings.size - 1] != '\0')
        macho->strings.size--; /* so that every name has an end */
    macho->symbol_count = macho->symbols.size / NLIST_BYTES;
}

static void take_command(struct macho *macho, struct macho_span command)
{
    switch (little(command.at, 4)) {
    case SEGMENT_64:
        take_segment(macho, command);
        break;
    case SYMTAB:
        take_symbols(macho, command);
        break;
    case DYSYMTAB:
        if (command.size >= 64)
            macho->imports =
                sigprof__macho_part(macho->file, little(command.at + 56, 4),
                                    little(command.at + 60, 4) * 4);
        break;
    case UUID:
        if (command.size >= 8 + MACHO_UUID_BYTES)
            macho->uuid = command.at + 8;
        break;
    case FUNCTION_STARTS:
        if (command.size >= 16)
            macho->delta =
                sigprof__macho_part(macho->file, little(command.at + 8, 4),
                                    little(command.at + 12, 4));
        break;
    case MAIN:
        if (command.size >= 16)
            macho->entry = little(command.at + 8, 8);
        break;
    }
}

static bool read_commands(struct macho *macho, struct macho_span file)
{
    struct macho_span commands;
    uint64_t count;

    *macho = (struct macho){.file = file};
    if (file.size < HEADER_BYTES || little(file.at, 4) != MAGIC_64)
        return false;
    macho->cpu = (uint32_t)little(file.at + 4, 4);
    count = little(file.at + 16, 4);
    commands = sigprof__macho_part(file, HEADER_BYTES, little(file.at + 20, 4));
    while (count-- && commands.size >= 8) {
        struct macho_span command =
            sigprof__macho_part(commands, 0, little(commands.at + 4, 4));

        if (command.size < 8)
            break;
        take_command(macho, command);
        commands = sigprof__macho_part(commands, command.size,
                                       commands.size - command.size);
    }
    return true;
}

/* Number i of those that a universal file holds. */
static struct macho_span universal_part(struct macho_span file, uint64_t i)
{
    bool wide = big(file.at, 4) == UNIVERSAL_64;
    size_t row = wide ? 32 : 20;
    struct macho_span entry = sigprof__macho_part(file, 8 + i * row, row);

    if (!entry.at)
        return entry;
    return sigprof__macho_part(file, big(entry.at + 8, wide ? 8 : 4),
                               big(entry.at + (wide ? 16 : 12), wide ? 8 : 4));
}

static bool read_universal(struct macho *macho, struct macho_span file,
                           const uint8_t *id, size_t id_bytes)
{
    struct macho_span first = {0};
    uint64_t count = 0;

    if (file.size >= 8 &&
        (big(file.at, 4) == UNIVERSAL || big(file.at, 4) == UNIVERSAL_64))
        count = big(file.at + 4, 4);
    for (uint64_t i = 0; i < count && i < CPUS_MAX; i++) {
        struct macho_span part = universal_part(file, i);

        if (!read_commands(macho, part))
            continue;
        if (id_bytes == MACHO_UUID_BYTES && macho->uuid &&
            memcmp(macho->uuid, id, MACHO_UUID_BYTES) == 0)
            return true;
        if (!first.at)
            first = part;
    }
    return read_commands(macho, first);
}

/* ---- Symbols ------------------------------------------------------------- */

bool sigprof__macho_symbol(const struct macho *macho, size_t number,
                           struct macho_symbol *symbol)
{
    struct macho_span in = sigprof__macho_part(
        macho->symbols, number * (uint64_t)NLIST_BYTES, NLIST_BYTES);
    uint64_t name;

    symbol->name = NULL;
    if (!in.at)
        return false;
    name = little(in.at, 4);
    if (name >= macho->strings.size)
        return false;
    symbol->name = (const char *)macho->strings.at + name;
    symbol->name += *symbol->name == '_';
    symbol->section = in.at[5];
    symbol->external = in.at[4] & EXTERNAL;
    symbol->weak = little(in.at + 6, 2) & WEAK;
    symbol->address = little(in.at + 8, 8);
    return (in.at[4] & TYPE_DEBUG) == 0 &&
           (in.at[4] & TYPE_WHERE) == IN_SECTION && *symbol->name &&
           symbol->section > 0 && symbol->section <= macho->section_count;
}

bool sigprof__macho_is_code(const struct macho_section *section)
{
    return (section->flags & CODE) != 0;
}

static void add_start(struct macho *macho, uint64_t address)
{
    ARRAY_ROOM(macho->starts, macho->start_count, macho->start_room);
    macho->starts[macho->start_count++] = address;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Each is a distance from the one before; zeros fill the rest. */
static void starts_as_told(struct macho *macho)
{
    uint64_t address = macho->text, distance = 0;
    unsigned shift = 0;

    for (size_t i = 0; i < macho->delta.size; i++) {
        uint8_t byte = macho->delta.at[i];

        if (shift < 64)
            distance |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if (byte & 0x80)
            continue;
        if (distance == 0)
            return;
        address += distance;
        add_start(macho, address);
        distance = shift = 0;
    }
}

static void find_starts(struct macho *macho)
{
    struct macho_symbol symbol;

    starts_as_told(macho);
    for (size_t i = 0; macho->delta.size == 0 && i < macho->symbol_count; i++)
        if (sigprof__macho_symbol(macho, i, &symbol) &&
            sigprof__macho_is_code(&macho->sections[symbol.section]))
            add_start(macho, symbol.address);
    if (macho->start_count)
        qsort(macho->starts, macho->start_count, sizeof *macho->starts,
              by_value);
}

uint64_t sigprof__macho_function_bytes(const struct macho *macho,
                                       const struct macho_symbol *symbol)
{
    const struct macho_section *section = &macho->sections[symbol->section];
    uint64_t end = section->address + section->size;
    size_t low = 0, high = macho->start_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (macho->starts[middle] <= symbol->address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || macho->starts[low - 1] != symbol->address)
        return 0;
    if (low < macho->start_count && macho->starts[low] < end)
        end = macho->starts[low];
    return end > symbol->address ? end - symbol->address : 0;
}

/* ---- Stubs --------------------------------------------------------------- */

size_t sigprof__macho_stub_count(const struct macho *macho,
                                 const struct macho_section *section)
{
    size_t most = macho->imports.size / 4;

    if ((section->flags & TYPE_MASK) != TYPE_STUBS || section->stub_bytes == 0)
        return 0;
    return section->size / section->stub_bytes < most
               ? (size_t)(section->size / section->stub_bytes)
               : most;
}

const char *sigprof__macho_stub_name(const struct macho *macho,
                                     const struct macho_section *section,
                                     size_t stub)
{
    struct macho_span number = sigprof__macho_part(
        macho->imports, (section->first_import + (uint64_t)stub) * 4, 4);
    struct macho_symbol symbol = {.name = NULL};

    if (number.at)
        sigprof__macho_symbol(macho, (size_t)little(number.at, 4), &symbol);
    return symbol.name && *symbol.name ? symbol.name : NULL;
}

/* ---- Opening ------------------------------------------------------------- */

bool sigprof__macho_open(struct macho *macho, const void *bytes, size_t size,
                         const uint8_t *id, size_t id_bytes)
{
    struct macho_span file = {bytes, size};

    if (!read_commands(macho, file) &&
        !read_universal(macho, file, id, id_bytes))
        return false;
    find_starts(macho);
    return true;
}

void sigprof__macho_close(struct macho *macho)
{
    free(macho->starts);
}
