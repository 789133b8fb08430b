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

/* illumos' table of local functions beside .dynsym, which strip(1) leaves; libelf does
 * not know what is in it. */
#ifndef SHT_SUNW_LDYNSYM
#define SHT_SUNW_LDYNSYM 0x6ffffff3
#endif

static Elf_Data *symbols_of(struct sym_elf *elf, Elf_Scn *section,
                            const GElf_Shdr *header)
{
    if (header->sh_type == SHT_SUNW_LDYNSYM)
        return elf_getdata_rawchunk(elf->elf, (int64_t)header->sh_offset,
                                    header->sh_size, ELF_T_SYM);
    return header->sh_type == SHT_SYMTAB || header->sh_type == SHT_DYNSYM
               ? elf_getdata(section, NULL)
               : NULL;
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

static void collect_table(struct sym_elf *elf, Elf_Data *data,
                          const GElf_Shdr *header,
                          const struct section_end *ends, size_t end_count,
                          struct search *search)
{
    size_t entry = gelf_fsize(elf->elf, ELF_T_SYM, 1, EV_CURRENT);
    size_t string_bytes = 0, count;
    const char *strings = string_table(elf, header->sh_link, &string_bytes);

    if (!data->d_buf || !strings || entry == 0)
        return;
    count = data->d_size / entry;
    for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
        GElf_Sym in;
        struct symbol symbol;

        if (!gelf_getsym(data, (int)i, &in))
            continue;
        if (elf->header.e_machine == EM_ARM &&
            GELF_ST_TYPE(in.st_info) == STT_FUNC)
            in.st_value &= ~(uint64_t)1; /* it says that the code is Thumb */
        if (in.st_name < string_bytes &&
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

    while (ends && (section = elf_nextscn(elf->elf, section)) != NULL) {
        Elf_Data *data = gelf_getshdr(section, &header)
                             ? symbols_of(elf, section, &header)
                             : NULL;

        if (data)
            collect_table(elf, data, &header, ends, end_count, search);
    }
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
