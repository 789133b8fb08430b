/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file that has a module's debug information, where another has it:
 * believed by its build-id (macOS: UUID), else by the CRC in .gnu_debuglink.
 */
#include "dwarf.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096 /* PATH_MAX, which some systems do not define */

bool sigprof__sym_has_id(struct sym_elf *elf, const uint8_t *id, size_t size)
{
    const uint8_t *own;

    return size > 0 && sigprof__sym_elf_build_id(elf, &own) == size &&
           memcmp(own, id, size) == 0;
}

/* The CRC-32 of zip and gzip, as .gnu_debuglink uses it; by nibbles. */
static uint32_t crc32_of(const uint8_t *at, size_t size)
{
    uint32_t table[16], crc = UINT32_MAX;

    for (uint32_t i = 0; i < 16; i++) {
        uint32_t value = i;

        for (unsigned bit = 0; bit < 4; bit++)
            value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
        table[i] = value;
    }
    while (size--) {
        crc ^= *at++;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static bool try_path(const struct sym_wanted *wanted, const char *path,
                     struct sym_image *debug)
{
    sigprof__sym_image_open(path, wanted->id, wanted->id_bytes, debug);
    if (debug->elf &&
        sigprof__sym_has_id(debug->elf, wanted->id, wanted->id_bytes))
        return true;
    sigprof__sym_image_close(debug);
    return false;
}

static bool try_by_id(const struct sym_wanted *wanted, const char *root,
                      const char *directory, struct sym_image *debug)
{
    char path[PATH_BYTES];

    return sigprof__sym_id_path(path, sizeof path, root, directory, wanted->id,
                                wanted->id_bytes) &&
           try_path(wanted, path, debug);
}

static bool try_link(const struct sym_wanted *wanted, const char *root,
                     const char *directory, const char *sub, size_t sub_size,
                     struct sym_image *debug)
{
    char path[PATH_BYTES];
    const uint8_t *id;
    size_t id_bytes;

    if (snprintf(path, sizeof path, "%s%s%.*s/%s", root, directory,
                 (int)sub_size, sub, wanted->link) >= (int)sizeof path)
        return false;
    sigprof__sym_image_open(path, NULL, 0, debug);
    if (debug->elf) {
        id_bytes = sigprof__sym_elf_build_id(debug->elf, &id);
        if (id_bytes && wanted->id_bytes) {
            if (sigprof__sym_has_id(debug->elf, wanted->id, wanted->id_bytes))
                return true;
        } else if (crc32_of(debug->bytes, debug->size) == wanted->crc) {
            return true;
        }
    }
    sigprof__sym_image_close(debug);
    return false;
}

/* gdb's order: the file's own directory, its .debug, then the debug trees. */
static bool find_by_link(const struct sym_wanted *wanted, const char *path,
                         struct sym_image *debug)
{
    const char *root = wanted->places->symfs ? wanted->places->symfs : "";
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;

    if (!wanted->link || !slash)
        return false;
    for (size_t i = 0; i < wanted->places->debug_dir_count; i++)
        if (try_link(wanted, "", wanted->places->debug_dirs[i], path, size,
                     debug) ||
            try_link(wanted, "", wanted->places->debug_dirs[i], "", 0, debug))
            return true;
    return try_link(wanted, root, "", path, size, debug) ||
           try_link(wanted, root, path[0] == '/' ? "" : "./", path, 0, debug) ||
           try_link(wanted, root, DEFAULT_DEBUG_DIR, path, size, debug);
}

static bool find_in_dot_debug(const struct sym_wanted *wanted, const char *path,
                              struct sym_image *debug)
{
    const char *root = wanted->places->symfs ? wanted->places->symfs : "";
    const char *slash = strrchr(path, '/');
    char directory[PATH_BYTES];

    if (!wanted->link || !slash ||
        snprintf(directory, sizeof directory, "%.*s/.debug",
                 (int)(slash - path), path) >= (int)sizeof directory)
        return false;
    return try_link(wanted, root, directory, "", 0, debug);
}

static bool try_bundle(const struct sym_wanted *wanted, const char *root,
                       const char *file, const char *name,
                       struct sym_image *debug)
{
    char path[PATH_BYTES];

    return snprintf(path, sizeof path, "%s%s.dSYM/Contents/Resources/DWARF/%s",
                    root, file, name) < (int)sizeof path &&
           try_path(wanted, path, debug);
}

/* What dsymutil makes on macOS: beside the file, or in a folder of those. */
static bool find_bundle(const struct sym_wanted *wanted, const char *path,
                        struct sym_image *debug)
{
    const struct sym_places *places = wanted->places;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char file[PATH_BYTES];

    if (snprintf(file, sizeof file, "/%s", name) >= (int)sizeof file)
        return false;
    for (size_t i = 0; i < places->debug_dir_count; i++)
        if (try_bundle(wanted, places->debug_dirs[i], file, name, debug))
            return true;
    return try_bundle(wanted, places->symfs ? places->symfs : "", path, name,
                      debug);
}

bool sigprof__sym_find_debug(const struct sym_wanted *wanted, const char *path,
                             struct sym_image *debug)
{
    const struct sym_places *places = wanted->places;

    for (size_t i = 0; i < places->debug_dir_count; i++)
        if (try_by_id(wanted, "", places->debug_dirs[i], debug))
            return true;
    if (places->symfs &&
        try_by_id(wanted, places->symfs, DEFAULT_DEBUG_DIR, debug))
        return true;
    return try_by_id(wanted, "", DEFAULT_DEBUG_DIR, debug) ||
           find_by_link(wanted, path, debug) ||
           find_in_dot_debug(wanted, path, debug) ||
           find_bundle(wanted, path, debug);
}
