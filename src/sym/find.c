/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file names a module: the one that was mapped, if it is still there, and
 * the debug file that belongs to it.
 *
 * A file is believed when its build-id is the one that was recorded. Where the
 * recording has none, the file at the path is taken as it is, and not verified
 * if it was changed since. A debug file is
 * believed by its build-id (macOS: UUID), else by the CRC in .gnu_debuglink.
 * Only regular files are read; they are opened so that a FIFO cannot hold us.
 */
#include "../fold/store.h"
#include "dwarf.h"
#include "index.h"
#include "inflate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What this build can read: with more, answers would be others. */
#define READER_OF_THIS_BUILD                                                   \
    ((SIGPROF_WITH_LIBDEFLATE | SIGPROF_WITH_ZLIB) | SIGPROF_WITH_ZSTD << 1 |  \
     SIGPROF_WITH_LZMA << 2 | SIGPROF_WITH_LIBIBERTY << 3 |                    \
     SIGPROF_WITH_LIBDWARF << 4)

#define PATH_BYTES 4096 /* PATH_MAX, which some systems do not define */

/* ---- Asking ---------------------------------------------------------------
 */

/* The file that was mapped, or nothing and the reason. */
static void open_module(const struct sym_places *places,
                        const struct sym_module *module,
                        struct sym_image *image, struct sym_report *report)
{
    char path[PATH_BYTES];
    const uint8_t *id;
    size_t id_bytes;

    report->state = SYM_NO_FILE;
    report->error = ENAMETOOLONG;
    if (snprintf(path, sizeof path, "%s%s", places->symfs ? places->symfs : "",
                 module->path) >= (int)sizeof path)
        return;
    report->error = sigprof__sym_image_open(path, module->build_id,
                                            module->build_id_bytes, image);
    if (report->error)
        return;
    report->state = SYM_NOT_ELF;
    if (!image->elf) {
        sigprof__sym_image_close(image);
        return;
    }
    report->state = SYM_NAMED;
    report->unverified = !module->build_id_bytes && module->seen_ns &&
                         image->changed_ns > module->seen_ns;
    if (!module->build_id_bytes ||
        sigprof__sym_has_id(image->elf, module->build_id,
                            module->build_id_bytes))
        return;
    report->state = SYM_MISMATCH;
    id_bytes = sigprof__sym_elf_build_id(image->elf, &id);
    if (id_bytes)
        sigprof__sym_hex(id, id_bytes, report->found_id,
                         sizeof report->found_id);
    else
        snprintf(report->found_id, sizeof report->found_id, "none");
    sigprof__sym_image_close(image);
}

static bool has_dwarf(const struct sym_image *image)
{
    struct sym_section section;

    return image->elf &&
           (sigprof__elf_find_section(image->elf, ".debug_info", &section) ||
            sigprof__elf_find_section(image->elf, ".zdebug_info", &section));
}

/* .gnu_debugdata: the symbols of a stripped file, compressed inside of it. */
static struct sym_elf *open_inner(struct sym_elf *elf,
                                  struct sym_inflated *inflated)
{
    struct sym_section section;

    *inflated = (struct sym_inflated){0};
    if (!sigprof__elf_find_section(elf, ".gnu_debugdata", &section) ||
        !sigprof__sym_inflate_xz(section.at, section.size, inflated))
        return NULL;
    return sigprof__sym_elf_open(inflated->at, inflated->size);
}

/* What is asked of one module, and where the answers go. */
struct request {
    const struct sym_places *places;
    const struct sym_module *module;
    const uint64_t *addresses;
    size_t count;
    struct sym_answer *answers;
    struct sym_extent *extents; /* NULL: nobody wants them */
    struct sym_names *names;
};

static void ask_symbols(const struct request *request, struct sym_elf *elf,
                        struct sym_elf *debug)
{
    struct sym_inflated inflated = {0};
    struct sym_elf *inner = NULL;

    if (elf && !debug && !sigprof__sym_elf_has_symtab(elf))
        inner = open_inner(elf, &inflated);
    sigprof__sym_elf_names(elf, debug ? debug : inner, request->addresses,
                           request->count, request->answers, request->extents,
                           request->names);
    sigprof__sym_elf_close(inner);
    sigprof__sym_inflated_free(&inflated);
}

static void cut_extents(struct sym_extent *extents,
                        const struct sym_extent *others, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (extents[i].low < others[i].low)
            extents[i].low = others[i].low;
        if (extents[i].high > others[i].high)
            extents[i].high = others[i].high;
    }
}

/* False if another time there may be more to say. */
static bool ask_dwarf(const struct request *request,
                      const struct sym_image *image, const char *program)
{
    struct sym_dwarf_places where = {image->path, program, request->places,
                                     image};
    struct sym_dwarf *dwarf = sigprof__sym_dwarf_open(image->elf, &where);
    struct sym_extent *extents = NULL;
    bool complete = true;

    if (dwarf && request->extents)
        extents = calloc(request->count + 1, sizeof *extents);
    if (dwarf)
        complete = sigprof__sym_dwarf_answer(dwarf, request->addresses,
                                             request->count, request->answers,
                                             extents, request->names);
    if (extents)
        cut_extents(request->extents, extents, request->count);
    free(extents);
    sigprof__sym_dwarf_close(dwarf);
    return complete;
}

/* ---- Names for people ---------------------------------------------------- */

/* From a name to the one that is shown; equal pointers are asked once. */
struct shown_names {
    struct sym_names *names;
    struct index index;
    const char **name, **shown; /* [0] is none */
    size_t count, capacity, shown_capacity;
    char *room; /* SYM_NAME_MAX */
};

static const char *show(struct shown_names *all, const char *name)
{
    uint32_t hash = sigprof__hash_mix((uintptr_t)name);
    size_t at, size;

    sigprof__index_room(&all->index);
    for (at = sigprof__index_at(&all->index, hash); all->index.slots[at].id;
         at = sigprof__index_next(&all->index, at))
        if (all->name[all->index.slots[at].id] == name)
            return all->shown[all->index.slots[at].id];
    size = sigprof__sym_display(name, all->room);
    all->room[size] = '\0';
    while (all->count == 0 || all->count + 1 > all->capacity ||
           all->count + 1 > all->shown_capacity) {
        all->name = sigprof__store_grow(all->name, &all->capacity,
                                        all->count + 2, sizeof *all->name);
        all->shown = sigprof__store_grow(all->shown, &all->shown_capacity,
                                         all->count + 2, sizeof *all->shown);
        all->count += all->count == 0;
    }
    all->name[all->count] = name;
    all->shown[all->count] =
        strcmp(all->room, name) == 0
            ? name
            : sigprof__elf_keep_name(all->names, all->room, "");
    sigprof__index_put(&all->index, at, hash, (uint32_t)all->count);
    return all->shown[all->count++];
}

static void show_names(struct sym_answer *answers, size_t count,
                       struct sym_names *names)
{
    struct shown_names all = {.names = names};
    size_t room = 0;

    all.room = sigprof__store_grow(NULL, &room, SYM_NAME_MAX + 1, 1);
    for (size_t i = 0; i < count; i++) {
        struct sym_answer *answer = &answers[i];

        if (answer->name && !answer->shown)
            answer->shown = show(&all, answer->name);
        if (i > 0 && answer->places == answers[i - 1].places)
            continue;
        for (uint32_t p = 0; p < answer->place_count; p++)
            if (answer->places[p].name && !answer->places[p].shown)
                answer->places[p].shown = show(&all, answer->places[p].name);
    }
    free(all.room);
    free(all.name);
    free(all.shown);
    free(all.index.slots);
}

/* ---- Resolving ----------------------------------------------------------- */

/* The file that was mapped, and the one that has its debug information. */
struct module_files {
    struct sym_wanted wanted;
    struct sym_image image, debug;
};

static bool open_files(const struct request *request,
                       struct module_files *files, struct sym_report *report)
{
    const struct sym_module *module = request->module;
    struct sym_wanted *wanted = &files->wanted;
    struct sym_elf *elf;

    *files = (struct module_files){0};
    wanted->places = request->places;
    wanted->id = module->build_id;
    wanted->id_bytes = module->build_id_bytes;
    open_module(request->places, module, &files->image, report);
    elf = files->image.elf;
    if (elf) {
        if (!wanted->id_bytes)
            wanted->id_bytes = sigprof__sym_elf_build_id(elf, &wanted->id);
        wanted->link = sigprof__sym_elf_debuglink(elf, &wanted->crc);
    }
    if ((!elf || !sigprof__sym_elf_has_symtab(elf) ||
         !has_dwarf(&files->image)) &&
        sigprof__sym_find_debug(wanted, module->path, &files->debug))
        report->state = SYM_NAMED;
    return elf || files->debug.elf;
}

static void close_files(struct module_files *files)
{
    sigprof__sym_image_close(&files->debug);
    sigprof__sym_image_close(&files->image);
}

/* From the files themselves. False if another time there may be more. */
static bool ask_files(const struct request *request,
                      const struct module_files *files)
{
    bool complete = true;

    ask_symbols(request, files->image.elf, files->debug.elf);
    if (has_dwarf(&files->debug))
        complete = ask_dwarf(request, &files->debug, files->image.path);
    else if (files->image.elf)
        complete = ask_dwarf(request, &files->image, files->image.path);
    show_names(request->answers, request->count, request->names);
    return complete;
}

/* Those that the index does not know, and adds them to it. */
static void ask_missing(const struct request *request,
                        const struct module_files *files,
                        const struct sym_index_key *key,
                        struct sym_index *index, const bool *known,
                        size_t missing)
{
    uint64_t *addresses;
    struct request rest = *request;
    size_t at = 0, room[3] = {0, 0, 0};

    addresses = sigprof__store_grow(NULL, &room[0], missing, sizeof *addresses);
    rest.answers =
        sigprof__store_grow(NULL, &room[1], missing, sizeof *rest.answers);
    rest.extents =
        sigprof__store_grow(NULL, &room[2], missing, sizeof *rest.extents);
    memset(rest.answers, 0, missing * sizeof *rest.answers);
    for (size_t i = 0; i < request->count; i++)
        if (!known[i])
            addresses[at++] = request->addresses[i];
    rest.addresses = addresses;
    rest.count = missing;
    if (ask_files(&rest, files))
        sigprof__sym_index_keep(key, index, addresses, missing, rest.answers,
                                rest.extents);
    at = 0;
    for (size_t i = 0; i < request->count; i++)
        if (!known[i])
            request->answers[i] = rest.answers[at++];
    free(addresses);
    free(rest.answers);
    free(rest.extents);
}

static void resolve_file(const struct request *request,
                         struct sym_report *report)
{
    struct sym_index_key key = {.directory = request->places->cache};
    struct sym_index *index = NULL;
    struct module_files files;
    size_t missing = request->count, room = 0;
    bool *known;

    if (!open_files(request, &files, report)) {
        close_files(&files);
        return;
    }
    key.id = files.wanted.id;
    key.id_bytes = files.wanted.id_bytes;
    key.files = sigprof__sym_index_files(READER_OF_THIS_BUILD, &files.image);
    key.files = sigprof__sym_index_files(key.files, &files.debug);
    known = sigprof__store_grow(NULL, &room, request->count + 1, sizeof *known);
    memset(known, 0, request->count * sizeof *known);
    if (key.directory)
        index = sigprof__sym_index_open(&key, request->names);
    if (index)
        missing = sigprof__sym_index_answer(
            index, request->addresses, request->count, request->answers, known);
    if (!key.directory)
        ask_files(request, &files);
    else if (missing)
        ask_missing(request, &files, &key, index, known, missing);
    free(known);
    close_files(&files);
}

static void resolve_vdso(const struct request *request,
                         struct sym_report *report)
{
    size_t size;
    const void *bytes = sigprof__sym_vdso(&size);
    struct sym_elf *elf = bytes ? sigprof__sym_elf_open(bytes, size) : NULL;

    report->state = SYM_NO_FILE;
    if (elf && sigprof__sym_has_id(elf, request->module->build_id,
                                   request->module->build_id_bytes)) {
        report->state = SYM_NAMED;
        ask_symbols(request, elf, NULL);
        show_names(request->answers, request->count, request->names);
    }
    sigprof__sym_elf_close(elf);
}

void sigprof__sym_resolve(const struct sym_places *places,
                          const struct sym_module *module,
                          const uint64_t *addresses, size_t count,
                          struct sym_answer *answers, struct sym_names *names,
                          struct sym_report *report)
{
    struct request request = {.places = places,
                              .module = module,
                              .addresses = addresses,
                              .count = count,
                              .answers = answers,
                              .names = names};

    *report = (struct sym_report){0};
    if (module->no_file)
        resolve_vdso(&request, report);
    else
        resolve_file(&request, report);
}
