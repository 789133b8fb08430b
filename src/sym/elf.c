/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symbols of one ELF file, by libelf.
 *
 * The addresses are few and sorted, the symbols many and not: so symbols are
 * not sorted. Each is looked up among the addresses. One that covers an address
 * is kept; of all others only the nearest start in front of each address is
 * remembered. What was kept is sorted and swept once.
 *
 * Who wins, in this order:
 *   1. a sized function that covers the address, the innermost of several;
 *   2. a symbol without a size, or a label of no type, if no other symbol
 * starts between it and the address, and neither the section nor a function
 * that it is in ends there;
 *   3. a PLT stub, named after the relocation of the slot it jumps
 *      through (plt.c);
 *   4. no name, but the start that the unwind information tells (fde.c).
 * Aliases at one address: function before label, global before weak before
 * local, fewer leading underscores, shorter, bytewise smaller.
 */
#include "elf_impl.h"

#include <stdlib.h>
#include <string.h>

struct symbol {
    uint64_t start;
    uint64_t end; /* as far as it reaches if nothing else is there */
    const char *name;
    uint8_t type_rank, bind_rank; /* smaller wins */
    bool sized;
};

/* The nearest start in front of an address. */
struct nearest {
    uint64_t start;
    uint64_t closed;        /* the nearest end of a sized function */
    bool seen, sized_there; /* a sized function starts at start */
    struct symbol label;    /* name NULL: none that could answer */
};

struct search {
    const uint64_t *addresses;
    size_t count;
    struct nearest *nearest;
    struct sym_extent *extents; /* NULL: not asked for */
    struct symbol *kept;
    size_t kept_count, kept_capacity;
};

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

/* ---- Which symbol is better ---------------------------------------------- */

static size_t underscores(const char *name)
{
    return strspn(name, "_");
}

static int compare_names(const char *a, const char *b)
{
    size_t x = underscores(a), y = underscores(b);

    if (x != y)
        return x < y ? -1 : 1;
    x = strlen(a);
    y = strlen(b);
    if (x != y)
        return x < y ? -1 : 1;
    return strcmp(a, b);
}

static int compare_rank(const struct symbol *a, const struct symbol *b)
{
    if (a->type_rank != b->type_rank)
        return a->type_rank < b->type_rank ? -1 : 1;
    if (a->bind_rank != b->bind_rank)
        return a->bind_rank < b->bind_rank ? -1 : 1;
    return compare_names(a->name, b->name);
}

/* Sweep order: the better and inner one later, on top of the stack. */
static int sweep_order(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return compare_rank(y, x);
}

/* ---- Collecting ---------------------------------------------------------- */

/* Without a branch that depends on the data: this is done for every symbol of a
 * module, and such a branch is mispredicted half of the time. */
static size_t first_at_or_after(const struct search *search, uint64_t address)
{
    const uint64_t *base = search->addresses;
    size_t size = search->count;

    while (size > 1) {
        size_t half = size / 2;

        base += base[half - 1] < address ? half : 0;
        size -= half;
    }
    return (size_t)(base - search->addresses) + (size == 1 && *base < address);
}

static void note_nearest(struct nearest *nearest, const struct symbol *symbol)
{
    if (nearest->seen && nearest->start > symbol->start)
        return;
    if (!nearest->seen || nearest->start < symbol->start)
        *nearest = (struct nearest){
            .start = symbol->start, .closed = nearest->closed, .seen = true};
    if (symbol->sized && symbol->type_rank == 0)
        nearest->sized_there = true;
    else if (*symbol->name && (!nearest->label.name ||
                               compare_rank(symbol, &nearest->label) < 0))
        nearest->label = *symbol;
}

/* Answers may change at `edge`; at: the first address that is not below. */
static void note_edge(struct search *search, uint64_t edge, size_t at)
{
    struct sym_extent *extents = search->extents;

    if (at < search->count && extents[at].low < edge)
        extents[at].low = edge;
    if (at > 0 && extents[at - 1].high > edge)
        extents[at - 1].high = edge;
}

static void note_edges(struct search *search, const struct symbol *symbol,
                       size_t at)
{
    note_edge(search, symbol->start, at);
    if (at < search->count && search->addresses[at] < symbol->end)
        at = first_at_or_after(search, symbol->end);
    note_edge(search, symbol->end, at);
}

/* at: the first address behind the symbol's start. */
static void note_end(struct search *search, const struct symbol *symbol,
                     size_t at)
{
    if (search->addresses[at] < symbol->end)
        at = first_at_or_after(search, symbol->end);
    if (at < search->count && search->nearest[at].closed < symbol->end)
        search->nearest[at].closed = symbol->end;
}

static void consider(struct search *search, const struct symbol *symbol)
{
    size_t at = first_at_or_after(search, symbol->start);

    if (search->extents)
        note_edges(search, symbol, at);
    if (at == search->count)
        return;
    note_nearest(&search->nearest[at], symbol);
    if (!symbol->sized || symbol->type_rank != 0)
        return;
    note_end(search, symbol, at);
    if (search->addresses[at] >= symbol->end || !*symbol->name)
        return;
    if (search->kept_count == search->kept_capacity) {
        size_t room = search->kept_capacity ? search->kept_capacity * 2 : 256;
        struct symbol *kept = realloc(search->kept, room * sizeof *kept);

        if (!kept)
            return; /* benign: a name less */
        search->kept = kept;
        search->kept_capacity = room;
    }
    search->kept[search->kept_count++] = *symbol;
}

/* Linkers' and assemblers' own labels are nobody's function. */
static bool is_label_of_code(const char *name)
{
    static const char *const linker[] = {"__bss_start", "_end", "_edata",
                                         "_etext", "__executable_start"};

    if (name[0] == '\0' || name[0] == '$' || strncmp(name, ".L", 2) == 0)
        return false;
    for (size_t i = 0; i < sizeof linker / sizeof *linker; i++)
        if (strcmp(name, linker[i]) == 0)
            return false;
    return true;
}

static uint8_t bind_rank(unsigned bind)
{
    if (bind == STB_GLOBAL || bind == STB_GNU_UNIQUE)
        return 0;
    return bind == STB_WEAK ? 1 : 2;
}

struct section_end {
    uint64_t end;
    bool code;
};

static bool make_symbol(const GElf_Sym *in, const char *name,
                        const struct section_end *ends, size_t end_count,
                        struct symbol *out)
{
    unsigned type = GELF_ST_TYPE(in->st_info);
    bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
    const struct section_end *section =
        in->st_shndx < end_count ? &ends[in->st_shndx] : NULL;

    /* An empty name elsewhere in the table is seen to where names are looked
     * at: reading all of them costs more than all the rest. */
    if (in->st_name == 0 || in->st_shndx == SHN_UNDEF)
        return false;
    if (!function && (type != STT_NOTYPE || !section || !section->code ||
                      !is_label_of_code(name)))
        return false;
    out->name = name;
    out->start = in->st_value;
    out->sized = in->st_size > 0;
    out->end = out->sized ? in->st_value + in->st_size
               : section  ? section->end
                          : in->st_value + 1;
    out->type_rank = !function;
    out->bind_rank = bind_rank(GELF_ST_BIND(in->st_info));
    return out->end > out->start;
}

/* Ends of all sections, by index, for symbols that do not say their size. */
static struct section_end *section_ends(struct sym_elf *elf, size_t *count)
{
    struct section_end *ends;
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    if (elf_getshdrnum(elf->elf, count) != 0)
        *count = 0;
    ends = calloc(*count + 1, sizeof *ends);
    if (!ends)
        *count = 0;
    while (ends && (section = elf_nextscn(elf->elf, section)) != NULL) {
        size_t index = elf_ndxscn(section);

        if (index < *count && gelf_getshdr(section, &header)) {
            ends[index].end = header.sh_addr + header.sh_size;
            ends[index].code = (header.sh_flags & SHF_EXECINSTR) != 0;
        }
    }
    return ends;
}

/* A table of strings to be read without a call each: its last byte is NUL. */
static const char *string_table(struct sym_elf *elf, size_t index, size_t *size)
{
    Elf_Scn *section = elf_getscn(elf->elf, index);
    Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;

    if (!data || !data->d_buf || data->d_size == 0 ||
        ((char *)data->d_buf)[data->d_size - 1] != '\0')
        return NULL;
    *size = data->d_size;
    return data->d_buf;
}

static void collect_table(struct sym_elf *elf, Elf_Scn *section,
                          const GElf_Shdr *header,
                          const struct section_end *ends, size_t end_count,
                          struct search *search)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t entry = gelf_fsize(elf->elf, ELF_T_SYM, 1, EV_CURRENT);
    size_t string_bytes = 0, count;
    const char *strings = string_table(elf, header->sh_link, &string_bytes);

    if (!data || !data->d_buf || !strings || entry == 0)
        return;
    count = data->d_size / entry;
    for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
        GElf_Sym in;
        struct symbol symbol;

        if (gelf_getsym(data, (int)i, &in) && in.st_name < string_bytes &&
            make_symbol(&in, strings + in.st_name, ends, end_count, &symbol))
            consider(search, &symbol);
    }
}

static void collect(struct sym_elf *elf, struct search *search)
{
    size_t end_count;
    struct section_end *ends = section_ends(elf, &end_count);
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    while (ends && (section = elf_nextscn(elf->elf, section)) != NULL)
        if (gelf_getshdr(section, &header) &&
            (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
            collect_table(elf, section, &header, ends, end_count, search);
    free(ends);
}

/* ---- Answering ----------------------------------------------------------- */

static void answer_with(struct sym_answer *answer, const struct symbol *symbol,
                        const struct symbol **last, const char **last_name,
                        struct sym_names *names)
{
    if (*last != symbol) {
        *last = symbol;
        *last_name = sigprof__elf_keep_name(names, symbol->name, "");
    }
    answer->name = *last_name;
    answer->start = symbol->start;
}

/* Each symbol is pushed once and popped once. What has ended below the top
 * comes to light when the top goes. */
static void sweep(struct search *search, struct sym_answer *answers,
                  struct sym_names *names)
{
    const struct symbol **open =
        malloc((search->kept_count + 1) * sizeof *open);
    const struct symbol *last = NULL;
    const char *last_name = NULL;
    size_t depth = 0, next = 0;

    if (search->kept_count)
        qsort(search->kept, search->kept_count, sizeof *search->kept,
              sweep_order);
    for (size_t i = 0; open && i < search->count; i++) {
        uint64_t address = search->addresses[i];

        while (next < search->kept_count && search->kept[next].start <= address)
            open[depth++] = &search->kept[next++];
        while (depth && open[depth - 1]->end <= address)
            depth--;
        if (depth && !answers[i].name)
            answer_with(&answers[i], open[depth - 1], &last, &last_name, names);
    }
    free(open);
}

/* A label ends where the section does, and where a function ends that it is in:
 * had that function begun behind it, the label would not be the nearest. */
static void answer_nearest(struct search *search, struct sym_answer *answers,
                           struct sym_names *names)
{
    const struct nearest *best = NULL;
    const struct symbol *last = NULL;
    const char *last_name = NULL;
    uint64_t closed = 0;

    for (size_t i = 0; i < search->count; i++) {
        const struct nearest *here = &search->nearest[i];

        if (here->closed > closed)
            closed = here->closed;
        if (here->seen)
            best = here;
        if (best && !answers[i].name && best->label.name &&
            !best->sized_there && search->addresses[i] < best->label.end &&
            closed <= best->start)
            answer_with(&answers[i], &best->label, &last, &last_name, names);
    }
}

static void begin_extents(struct search *search)
{
    for (size_t i = 0; i < search->count; i++)
        search->extents[i] = (struct sym_extent){0, UINT64_MAX};
}

/* What was noted at one address holds for those further on, too. An address
 * without a symbol is nobody's neighbour. */
static void finish_extents(struct search *search,
                           const struct sym_answer *answers)
{
    struct sym_extent *extents = search->extents;

    for (size_t i = 1; i < search->count; i++)
        if (extents[i].low < extents[i - 1].low)
            extents[i].low = extents[i - 1].low;
    for (size_t i = search->count; i-- > 1;)
        if (extents[i - 1].high > extents[i].high)
            extents[i - 1].high = extents[i].high;
    for (size_t i = 0; i < search->count; i++)
        if (!answers[i].name)
            extents[i] = (struct sym_extent){search->addresses[i],
                                             search->addresses[i] + 1};
}

void sigprof__elf_name_by_symbols(struct sym_elf *elf, struct sym_elf *debug,
                                  const uint64_t *addresses, size_t count,
                                  struct sym_answer *answers,
                                  struct sym_extent *extents,
                                  struct sym_names *names)
{
    struct search search = {
        .addresses = addresses, .count = count, .extents = extents};

    if (extents)
        begin_extents(&search);
    search.nearest = calloc(count + 1, sizeof *search.nearest);
    if (!search.nearest)
        return;
    if (debug)
        collect(debug, &search);
    if (elf)
        collect(elf, &search);
    sweep(&search, answers, names);
    answer_nearest(&search, answers, names);
    if (extents)
        finish_extents(&search, answers);
    free(search.kept);
    free(search.nearest);
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
