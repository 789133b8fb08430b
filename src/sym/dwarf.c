/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses to functions, inlined functions and lines.
 *
 * A compiler's library of DWARF makes an object of each DIE and each row; here
 * neither is kept. The addresses are few, sorted and known beforehand, so that
 * every pass asks what it reads "does this cover an address?":
 *
 *   1. The root DIEs of all units say which units have an address in them.
 *   2. One pass over the DIEs of each such unit finds functions and what is
 *      inlined in them; one over its line program the lines.
 *   3. Names are looked up for what was hit.
 *
 * Units that do not say what they cover (there are some in programs of
 * link-time optimization and of odd assemblers) are read for what is left over
 * after that. Only sections that are read are inflated.
 *
 * The file is hostile. What cannot be read costs answers: a bad offset is no
 * value, a bad DIE ends its unit.
 *
 * Such a unit is declined, and so is one of a version or with a form that is
 * not known here, and a section that cannot be inflated. The addresses of what
 * was declined are asked of the second reader (libdwarf.c), if the build has
 * it, and the better answer of the two is taken.
 */
#include "dwarf_forms.h"
#include "dwarf_impl.h"
#include "second.h"

#include <stdlib.h>

#define PATH_BYTES 4096
#define MOST_PLACES 512 /* functions inlined in one another, that are told */

/* ---- The supplement of dwz ----------------------------------------------- */

static struct dw_file *open_checked(const char *path, const uint8_t *id,
                                    size_t id_bytes)
{
    struct sym_image image;
    struct dw_file *file = NULL;
    const uint8_t *own;

    sigprof__sym_image_open(path, id, id_bytes, &image);
    if (image.elf && sigprof__sym_elf_build_id(image.elf, &own) == id_bytes &&
        memcmp(own, id, id_bytes) == 0)
        file = sigprof__dw_file_open(image.elf);
    if (file)
        file->image = image;
    else
        sigprof__sym_image_close(&image);
    return file;
}

static struct dw_file *supplement_by_id(const struct sym_places *places,
                                        const uint8_t *id, size_t id_bytes)
{
    char path[PATH_BYTES];

    for (size_t i = 0; i <= places->debug_dir_count; i++) {
        const char *directory = i < places->debug_dir_count
                                    ? places->debug_dirs[i]
                                    : DEFAULT_DEBUG_DIR;
        struct dw_file *file;

        if (!sigprof__sym_id_path(path, sizeof path, "", directory, id,
                                  id_bytes))
            continue;
        file = open_checked(path, id, id_bytes);
        if (file)
            return file;
    }
    return NULL;
}

/* .gnu_debugaltlink: a path, from the file's own folder if it is not absolute,
 * and the supplement's build-id. */
static void open_supplement(struct sym_dwarf *dwarf, struct sym_elf *elf)
{
    const struct sym_places *places = dwarf->where.places;
    const char *from = dwarf->where.path, *slash;
    struct sym_section section = {0};
    char path[PATH_BYTES];
    const uint8_t *end;
    size_t id_bytes;

    if (!sigprof__elf_find_section(elf, ".gnu_debugaltlink", &section) ||
        !(end = memchr(section.at, 0, section.size)))
        return;
    id_bytes = section.size - (size_t)(end + 1 - section.at);
    slash = from ? strrchr(from, '/') : NULL;
    if (*section.at == '/' || !slash)
        snprintf(path, sizeof path, "%s%s",
                 places && places->symfs ? places->symfs : "",
                 (const char *)section.at);
    else
        snprintf(path, sizeof path, "%.*s/%s", (int)(slash - from), from,
                 (const char *)section.at);
    dwarf->file->supplement = open_checked(path, end + 1, id_bytes);
    if (!dwarf->file->supplement && places)
        dwarf->file->supplement = supplement_by_id(places, end + 1, id_bytes);
    if (!dwarf->file->supplement)
        dwarf->split_missing = true;
}

struct sym_dwarf *sigprof__sym_dwarf_open(struct sym_elf *elf,
                                          const struct sym_dwarf_places *where)
{
    struct dw_file *file = sigprof__dw_file_open(elf);
    struct sym_dwarf *dwarf;
    size_t room = 0;

    if (!file)
        return NULL;
    dwarf = sigprof__store_grow(NULL, &room, sizeof *dwarf, 1);
    *dwarf = (struct sym_dwarf){.file = file, .where = *where};
    open_supplement(dwarf, elf);
    return dwarf;
}

void sigprof__sym_dwarf_close(struct sym_dwarf *dwarf)
{
    if (!dwarf)
        return;
    sigprof__dw_file_close(dwarf->file);
    sigprof__dw_file_close(dwarf->package);
    for (size_t i = 0; i < dwarf->split_count; i++)
        sigprof__dw_file_close(dwarf->split[i]);
    free(dwarf->split);
    free(dwarf->ranges.items);
    free(dwarf);
}

/* ---- Which units --------------------------------------------------------- */

/* Marks the addresses of a unit; true if there are any. */
static bool claim(struct sym_dwarf *dwarf, struct dw_unit *unit)
{
    struct dw_ranges *ranges = &dwarf->ranges;
    bool any = false;

    ranges->count = 0;
    sigprof__dw_root_ranges(unit, ranges);
    for (size_t r = 0; r < ranges->count; r++)
        for (size_t i = sigprof__dw_first(dwarf, ranges->items[r].low);
             i < dwarf->count && dwarf->addresses[i] < ranges->items[r].high;
             i++)
            if (!dwarf->found[i].unit) {
                dwarf->found[i].unit = unit;
                any = true;
            }
    return any;
}

static void claim_units(struct sym_dwarf *dwarf)
{
    struct dw_file *file = dwarf->file;

    sigprof__dw_units_read(file);
    for (size_t i = 0; i < file->unit_count; i++) {
        struct dw_unit *unit = file->units[i];

        unit->wanted = sigprof__dw_root(unit) && claim(dwarf, unit);
        file->declined = file->declined || unit->declined;
    }
}

static bool has_functions(const struct dw_unit *unit)
{
    return unit->has_children && unit->tag != DW_TAG_partial_unit;
}

static void read_unit(struct sym_dwarf *dwarf, struct dw_unit *unit)
{
    struct dw_unit *whole = sigprof__dw_whole(dwarf, unit);

    sigprof__dw_lines(dwarf, unit);
    if (has_functions(whole))
        sigprof__dw_scan(dwarf, whole, false);
}

/* Reads once more, slowly, the units that left an address without function. */
static void read_thoroughly(struct sym_dwarf *dwarf)
{
    for (size_t i = 0; i < dwarf->count; i++) {
        struct dw_unit *unit = dwarf->found[i].unit;

        if (!unit || dwarf->found[i].hit || !unit->wanted)
            continue;
        unit->wanted = false;
        unit = sigprof__dw_whole(dwarf, unit);
        if (has_functions(unit))
            sigprof__dw_scan(dwarf, unit, true);
    }
}

static bool any_unclaimed(const struct sym_dwarf *dwarf)
{
    for (size_t i = 0; i < dwarf->count; i++)
        if (!dwarf->found[i].unit)
            return true;
    return false;
}

static void read_units(struct sym_dwarf *dwarf)
{
    struct dw_file *file = dwarf->file;

    for (size_t i = 0; i < file->unit_count; i++)
        if (file->units[i]->wanted)
            read_unit(dwarf, file->units[i]);
    read_thoroughly(dwarf);
    for (size_t i = 0; i < file->unit_count && any_unclaimed(dwarf); i++) {
        struct dw_unit *unit = file->units[i];

        if (unit->usable && !unit->has_bounds && !unit->has_ranges)
            read_unit(dwarf, unit);
    }
}

/* ---- Answers ------------------------------------------------------------- */

/* The chain of an address, outermost first; each one's line is where it calls
 * the next. */
static uint32_t fill_places(struct sym_dwarf *dwarf, size_t i,
                            struct sym_place *places)
{
    const struct dw_found *found = &dwarf->found[i];
    uint64_t file = found->file;
    uint32_t line = found->line_unit ? found->line : 0, count = 0;
    struct dw_unit *unit = found->line_unit;

    for (uint32_t at = found->hit; at && count < MOST_PLACES;
         at = dwarf->hits[at].parent) {
        const struct dw_hit *hit = &dwarf->hits[at];

        places[count] = (struct sym_place){.name = hit->name, .line = line};
        places[count++].file =
            unit ? sigprof__dw_file_name(unit, file, dwarf->names) : NULL;
        unit = sigprof__dw_outer(hit->unit);
        file = hit->call_file;
        line = hit->call_line;
    }
    if (count == 0 && unit) {
        places[0] = (struct sym_place){.line = line};
        places[0].file = sigprof__dw_file_name(unit, file, dwarf->names);
        count = places[0].file != NULL;
    }
    for (uint32_t low = 0, high = count; low + 1 < high; low++) {
        struct sym_place swap = places[low];

        places[low] = places[--high];
        places[high] = swap;
    }
    return count;
}

static uint64_t function_start(const struct sym_dwarf *dwarf, uint32_t hit)
{
    while (hit && dwarf->hits[hit].parent)
        hit = dwarf->hits[hit].parent;
    return hit ? dwarf->hits[hit].low : 0;
}

static bool same_chain(const struct sym_dwarf *dwarf, size_t i, size_t j)
{
    const struct dw_found *a = &dwarf->found[i], *b = &dwarf->found[j];

    return a->hit == b->hit && a->line_unit == b->line_unit &&
           a->file == b->file && a->line == b->line;
}

static void answer(struct sym_dwarf *dwarf, size_t i,
                   struct sym_answer *answers)
{
    struct sym_place places[MOST_PLACES], *kept;
    uint32_t count;

    if (i > 0 && same_chain(dwarf, i, i - 1)) {
        answers[i].places = answers[i - 1].places;
        answers[i].place_count = answers[i - 1].place_count;
    } else {
        count = fill_places(dwarf, i, places);
        kept = count ? sigprof__sym_keep(dwarf->names, count * sizeof *kept)
                     : NULL;
        if (!kept)
            return;
        memcpy(kept, places, count * sizeof *kept);
        answers[i].places = kept;
        answers[i].place_count = count;
    }
    if (!answers[i].name && answers[i].place_count &&
        answers[i].places[0].name) {
        answers[i].name = answers[i].places[0].name;
        answers[i].start = function_start(dwarf, dwarf->found[i].hit);
    }
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* An answer holds as far as its row, and the next edge of anything inlined. */
static void fill_extents(struct sym_dwarf *dwarf, struct sym_extent *extents)
{
    size_t edge = 0;

    if (dwarf->edge_count)
        qsort(dwarf->edges, dwarf->edge_count, sizeof *dwarf->edges, by_value);
    for (size_t i = 0; i < dwarf->count; i++) {
        const struct dw_found *found = &dwarf->found[i];
        uint64_t address = dwarf->addresses[i];
        struct sym_extent own = {address, address + 1};

        while (edge < dwarf->edge_count && dwarf->edges[edge] <= address)
            edge++;
        if (found->line_unit && found->hit && found->low <= address &&
            found->high > address) {
            own = (struct sym_extent){found->low, found->high};
            if (edge > 0 && dwarf->edges[edge - 1] > own.low)
                own.low = dwarf->edges[edge - 1];
            if (edge < dwarf->edge_count && dwarf->edges[edge] < own.high)
                own.high = dwarf->edges[edge];
        }
        extents[i] = own;
    }
}

/* ---- What was declined --------------------------------------------------- */

static enum sym_reader reader_of(const struct sym_dwarf *dwarf)
{
    return dwarf->where.places ? dwarf->where.places->reader : SYM_READER_BOTH;
}

static bool section_declined(const struct dw_file *file)
{
    for (unsigned i = 0; i < DW_SECTIONS; i++)
        if (file->sections[i].ready && file->sections[i].in.at &&
            !file->sections[i].bytes.at)
            return true;
    return false;
}

static bool is_declined(const struct sym_dwarf *dwarf, size_t i)
{
    const struct dw_unit *unit = dwarf->found[i].unit;

    return unit ? unit->declined : dwarf->file->declined;
}

/* Of one address: more functions, or a line where there was none. */
static bool is_better(const struct sym_answer *new,
                      const struct sym_answer *old)
{
    uint32_t last = new->place_count - 1;

    if (new->place_count != old->place_count)
        return new->place_count > old->place_count;
    return new->place_count && new->places[last].file && !old->places[last].file;
}

static void ask_second(struct sym_dwarf *dwarf, struct sym_answer *answers,
                       struct sym_extent *extents)
{
    bool all = reader_of(dwarf) == SYM_READER_LIBDWARF ||
               section_declined(dwarf->file);
    struct sym_answer *theirs = NULL;
    uint64_t *asked = NULL;
    size_t *which = NULL, count = 0, room = 0, which_room = 0, asked_room = 0;

    for (size_t i = 0; i < dwarf->count; i++)
        if (all || is_declined(dwarf, i)) {
            ARRAY_ROOM(which, count, which_room);
            which[count++] = i;
        }
    if (count == 0)
        return;
    asked = sigprof__store_grow(NULL, &asked_room, count, sizeof *asked);
    theirs = sigprof__store_grow(NULL, &room, count, sizeof *theirs);
    memset(theirs, 0, count * sizeof *theirs);
    for (size_t i = 0; i < count; i++)
        asked[i] = dwarf->addresses[which[i]];
    sigprof__second_answer(dwarf->where.image, asked, count, theirs,
                           dwarf->names);
    for (size_t i = 0; i < count; i++) {
        struct sym_answer *answer = &answers[which[i]];

        if (!is_better(&theirs[i], answer))
            continue;
        if (answer->name) {
            theirs[i].name = answer->name;
            theirs[i].start = answer->start;
        }
        *answer = theirs[i];
        if (extents)
            extents[which[i]] = (struct sym_extent){asked[i], asked[i] + 1};
    }
    free(asked);
    free(theirs);
    free(which);
}

bool sigprof__sym_dwarf_answer(struct sym_dwarf *dwarf,
                               const uint64_t *addresses, size_t count,
                               struct sym_answer *answers,
                               struct sym_extent *extents,
                               struct sym_names *names)
{
    size_t room = 0;

    dwarf->addresses = addresses;
    dwarf->count = count;
    dwarf->names = names;
    dwarf->found =
        sigprof__store_grow(NULL, &room, count + 1, sizeof *dwarf->found);
    memset(dwarf->found, 0, count * sizeof *dwarf->found);
    ARRAY_ROOM(dwarf->hits, dwarf->hit_count, dwarf->hit_capacity);
    dwarf->hits[dwarf->hit_count++] = (struct dw_hit){0};
    sigprof__dw_prepare(dwarf->file, 1u << DW_INFO | 1u << DW_ABBREV |
                                         1u << DW_STR | 1u << DW_LINE |
                                         1u << DW_LINE_STR | 1u << DW_RANGES |
                                         1u << DW_RNGLISTS);
    if (reader_of(dwarf) != SYM_READER_LIBDWARF) {
        claim_units(dwarf);
        read_units(dwarf);
        sigprof__dw_name_hits(dwarf);
        for (size_t i = 0; i < count; i++)
            answer(dwarf, i, answers);
    }
    if (extents)
        fill_extents(dwarf, extents);
    if (dwarf->where.image && reader_of(dwarf) != SYM_READER_OURS &&
        sigprof__second_available())
        ask_second(dwarf, answers, extents);
    free(dwarf->found);
    free(dwarf->hits);
    free(dwarf->edges);
    dwarf->found = NULL;
    dwarf->hits = NULL;
    dwarf->edges = NULL;
    dwarf->hit_count = dwarf->hit_capacity = 0;
    dwarf->edge_count = dwarf->edge_capacity = 0;
    return !dwarf->split_missing;
}
