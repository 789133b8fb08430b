/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file names a module: the one that was mapped, if it is still there, and
 * the debug file that belongs to it.
 *
 * A file is believed when its build-id is the one that was recorded. Where the
 * recording has none, the file at the path is taken as it is. A debug file is
 * believed by its build-id, else by the CRC in .gnu_debuglink. Only regular
 * files are read; they are opened so that a FIFO cannot hold us.
 */
#include "sym.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_DEBUG_DIR "/usr/lib/debug"
#define PATH_BYTES 4096 /* PATH_MAX, which some systems do not define */

struct image {
    void *bytes;
    size_t size;
    struct sym_elf *elf;
};

static int image_open(const char *path, struct image *image)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    int error = 0;

    *image = (struct image){0};
    if (descriptor < 0)
        return errno;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size <= 0 || (uintmax_t)status.st_size > SIZE_MAX) {
        error = EINVAL;
    } else {
        image->size = (size_t)status.st_size;
        image->bytes =
            mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (image->bytes == MAP_FAILED) {
            error = errno;
            *image = (struct image){0};
        }
    }
    close(descriptor);
    if (!error)
        image->elf = sigprof__sym_elf_open(image->bytes, image->size);
    return error;
}

static void image_close(struct image *image)
{
    sigprof__sym_elf_close(image->elf);
    if (image->bytes)
        munmap(image->bytes, image->size);
    *image = (struct image){0};
}

static void to_hex(const uint8_t *bytes, size_t size, char *out, size_t room)
{
    size_t at = 0;

    for (size_t i = 0; i < size && at + 3 <= room; i++, at += 2)
        snprintf(out + at, room - at, "%02x", bytes[i]);
    out[at] = '\0';
}

static bool id_equal(struct sym_elf *elf, const uint8_t *id, size_t size)
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

/* ---- Debug files --------------------------------------------------------- */

struct wanted {
    const struct sym_places *places;
    const uint8_t *id;
    size_t id_bytes;
    const char *link; /* .gnu_debuglink */
    uint32_t crc;
};

static bool try_by_id(const struct wanted *wanted, const char *root,
                      const char *directory, struct image *debug)
{
    char path[PATH_BYTES], hex[2 * 64 + 1];

    if (wanted->id_bytes < 2 || wanted->id_bytes > 64)
        return false;
    to_hex(wanted->id, wanted->id_bytes, hex, sizeof hex);
    if (snprintf(path, sizeof path, "%s%s/.build-id/%.2s/%s.debug", root,
                 directory, hex, hex + 2) >= (int)sizeof path)
        return false;
    image_open(path, debug);
    if (debug->elf && id_equal(debug->elf, wanted->id, wanted->id_bytes))
        return true;
    image_close(debug);
    return false;
}

static bool try_link(const struct wanted *wanted, const char *root,
                     const char *directory, const char *sub, size_t sub_size,
                     struct image *debug)
{
    char path[PATH_BYTES];
    const uint8_t *id;
    size_t id_bytes;

    if (snprintf(path, sizeof path, "%s%s%.*s/%s", root, directory,
                 (int)sub_size, sub, wanted->link) >= (int)sizeof path)
        return false;
    image_open(path, debug);
    if (debug->elf) {
        id_bytes = sigprof__sym_elf_build_id(debug->elf, &id);
        if (id_bytes && wanted->id_bytes) {
            if (id_equal(debug->elf, wanted->id, wanted->id_bytes))
                return true;
        } else if (crc32_of(debug->bytes, debug->size) == wanted->crc) {
            return true;
        }
    }
    image_close(debug);
    return false;
}

/* gdb's order: the file's own directory, its .debug, then the debug trees. */
static bool find_by_link(const struct wanted *wanted, const char *path,
                         struct image *debug)
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

static bool find_in_dot_debug(const struct wanted *wanted, const char *path,
                              struct image *debug)
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

static bool find_debug(const struct wanted *wanted, const char *path,
                       struct image *debug)
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
           find_in_dot_debug(wanted, path, debug);
}

/* ---- Resolving ----------------------------------------------------------- */

/* The file that was mapped, or nothing and the reason. */
static void open_module(const struct sym_places *places,
                        const struct sym_module *module, struct image *image,
                        struct sym_report *report)
{
    char path[PATH_BYTES];
    const uint8_t *id;
    size_t id_bytes;

    report->state = SYM_NO_FILE;
    report->error = ENAMETOOLONG;
    if (snprintf(path, sizeof path, "%s%s", places->symfs ? places->symfs : "",
                 module->path) >= (int)sizeof path)
        return;
    report->error = image_open(path, image);
    if (report->error)
        return;
    report->state = SYM_NOT_ELF;
    if (!image->elf) {
        image_close(image);
        return;
    }
    report->state = SYM_NAMED;
    if (!module->build_id_bytes ||
        id_equal(image->elf, module->build_id, module->build_id_bytes))
        return;
    report->state = SYM_MISMATCH;
    id_bytes = sigprof__sym_elf_build_id(image->elf, &id);
    if (id_bytes)
        to_hex(id, id_bytes, report->found_id, sizeof report->found_id);
    else
        snprintf(report->found_id, sizeof report->found_id, "none");
    image_close(image);
}

static void resolve_file(const struct sym_places *places,
                         const struct sym_module *module,
                         const uint64_t *addresses, size_t count,
                         struct sym_answer *answers, struct sym_names *names,
                         struct sym_report *report)
{
    struct wanted wanted = {.places = places,
                            .id = module->build_id,
                            .id_bytes = module->build_id_bytes};
    struct image image = {0}, debug = {0};

    open_module(places, module, &image, report);
    if (image.elf) {
        if (!wanted.id_bytes)
            wanted.id_bytes = sigprof__sym_elf_build_id(image.elf, &wanted.id);
        wanted.link = sigprof__sym_elf_debuglink(image.elf, &wanted.crc);
    }
    if ((!image.elf || !sigprof__sym_elf_has_symtab(image.elf)) &&
        find_debug(&wanted, module->path, &debug))
        report->state = SYM_NAMED;
    if (image.elf || debug.elf)
        sigprof__sym_elf_names(image.elf, debug.elf, addresses, count, answers,
                               names);
    image_close(&debug);
    image_close(&image);
}

static void resolve_vdso(const struct sym_module *module,
                         const uint64_t *addresses, size_t count,
                         struct sym_answer *answers, struct sym_names *names,
                         struct sym_report *report)
{
    size_t size;
    const void *bytes = sigprof__sym_vdso(&size);
    struct sym_elf *elf = bytes ? sigprof__sym_elf_open(bytes, size) : NULL;

    report->state = SYM_NO_FILE;
    if (elf && id_equal(elf, module->build_id, module->build_id_bytes)) {
        report->state = SYM_NAMED;
        sigprof__sym_elf_names(elf, NULL, addresses, count, answers, names);
    }
    sigprof__sym_elf_close(elf);
}

void sigprof__sym_resolve(const struct sym_places *places,
                          const struct sym_module *module,
                          const uint64_t *addresses, size_t count,
                          struct sym_answer *answers, struct sym_names *names,
                          struct sym_report *report)
{
    *report = (struct sym_report){0};
    if (module->no_file)
        resolve_vdso(module, addresses, count, answers, names, report);
    else
        resolve_file(places, module, addresses, count, answers, names, report);
}
