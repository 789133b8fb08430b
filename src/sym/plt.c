/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stubs of the procedure linkage table. No symbol table has them: each is named
 * after the relocation of the slot that it jumps through, or whose index it
 * pushes. Stubs that were asked for are decoded first, then the relocations are
 * read once. x86-64 so far; elsewhere stubs stay offsets.
 */
#include "elf_impl.h"

#include <stdlib.h>
#include <string.h>

static bool is_plt(const char *name)
{
    return strcmp(name, ".plt") == 0 || strcmp(name, ".plt.sec") == 0 ||
           strcmp(name, ".plt.got") == 0 || strcmp(name, ".plt.bnd") == 0;
}

struct stub {
    bool is_head;   /* the stub all lazy ones go on to */
    bool has_slot;  /* jumps through the word at slot */
    bool has_index; /* pushes the index of its relocation */
    uint64_t slot;
    uint32_t index;
};

static uint32_t little32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

/* x86-64: [endbr64] [bnd] jmp *rel32(%rip), or [endbr64] push imm32 … */
static struct stub decode_stub(const uint8_t *code, size_t size,
                               uint64_t address)
{
    struct stub stub = {0};
    size_t at = 0;

    if (size >= 6 && code[0] == 0xff && code[1] == 0x35) {
        stub.is_head = true;
        return stub;
    }
    if (size >= 4 && memcmp(code, "\xf3\x0f\x1e\xfa", 4) == 0)
        at = 4;
    if (at < size && code[at] == 0xf2)
        at++;
    if (size - at >= 6 && code[at] == 0xff && code[at + 1] == 0x25) {
        stub.has_slot = true;
        stub.slot = address + at + 6 +
                    (uint64_t)(int64_t)(int32_t)little32(code + at + 2);
        at += 6;
    } else if (size - at >= 5 && code[at] == 0x68) {
        stub.has_index = true;
        stub.index = little32(code + at + 1);
    }
    return stub;
}

struct relocations {
    struct sym_elf *elf;
    Elf_Data *data;    /* of the table */
    Elf_Data *symbols; /* that it names */
    size_t strings;    /* their section of names */
    size_t count;
    bool is_plt; /* stubs push indices into this one */
};

/* A stub that waits for the name of its relocation. */
struct waiting {
    struct stub stub;
    struct sym_answer *answer;
};

struct stubs {
    struct waiting *waiting; /* sorted by slot, those without one last */
    size_t count, capacity;
};

static int by_slot(const void *a, const void *b)
{
    const struct stub *x = &((const struct waiting *)a)->stub;
    const struct stub *y = &((const struct waiting *)b)->stub;

    if (x->has_slot != y->has_slot)
        return x->has_slot ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

static const char *resolver_name(struct sym_elf *elf, uint64_t address,
                                 struct sym_names *names)
{
    struct sym_answer answer = {0};

    sigprof__elf_name_by_symbols(elf, NULL, &address, 1, &answer, NULL, names);
    return answer.name && answer.start == address ? answer.name : "*ifunc";
}

/* The name of a relocation's target; an IRELATIVE one has no symbol, but the
 * address of a resolver. */
static const char *target_name(const struct relocations *table,
                               const GElf_Rela *entry, struct sym_names *names)
{
    size_t index = GELF_R_SYM(entry->r_info);
    GElf_Sym symbol;

    if (index == 0)
        return GELF_R_TYPE(entry->r_info) == R_X86_64_IRELATIVE
                   ? resolver_name(table->elf, (uint64_t)entry->r_addend, names)
                   : NULL;
    if (!table->symbols || index > INT32_MAX ||
        !gelf_getsym(table->symbols, (int)index, &symbol))
        return NULL;
    return elf_strptr(table->elf->elf, table->strings, symbol.st_name);
}

static void name_waiting(const struct relocations *table,
                         const GElf_Rela *entry, struct waiting *waiting,
                         struct sym_names *names)
{
    const char *name;

    if (waiting->answer->name)
        return;
    name = target_name(table, entry, names);
    if (name && *name)
        waiting->answer->name = sigprof__elf_keep_name(names, name, "@plt");
}

static void name_by_table(const struct relocations *table, struct stubs *stubs,
                          struct sym_names *names)
{
    GElf_Rela entry;
    size_t slots = 0;

    while (slots < stubs->count && stubs->waiting[slots].stub.has_slot)
        slots++;
    for (size_t i = 0; slots && i < table->count; i++) {
        size_t low = 0, high = slots;

        if (!gelf_getrela(table->data, (int)i, &entry))
            break;
        while (low < high) {
            size_t middle = (low + high) / 2;

            if (stubs->waiting[middle].stub.slot < entry.r_offset)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < slots && stubs->waiting[low].stub.slot == entry.r_offset;
             low++)
            name_waiting(table, &entry, &stubs->waiting[low], names);
    }
    for (size_t i = slots; table->is_plt && i < stubs->count; i++)
        if (stubs->waiting[i].stub.index < table->count &&
            gelf_getrela(table->data, (int)stubs->waiting[i].stub.index,
                         &entry))
            name_waiting(table, &entry, &stubs->waiting[i], names);
}

static void name_by_relocations(struct sym_elf *elf, struct stubs *stubs,
                                struct sym_names *names)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header, symbols;

    while ((section = elf_nextscn(elf->elf, section)) != NULL) {
        struct relocations table = {.elf = elf};
        size_t entry = gelf_fsize(elf->elf, ELF_T_RELA, 1, EV_CURRENT);
        Elf_Scn *its;

        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
            !(header.sh_flags & SHF_ALLOC) || entry == 0)
            continue;
        table.data = elf_getdata(section, NULL);
        if (!table.data)
            continue;
        table.count = table.data->d_size / entry;
        if (table.count > INT32_MAX)
            table.count = INT32_MAX;
        table.is_plt =
            strcmp(sigprof__elf_section_name(elf, &header), ".rela.plt") == 0;
        its = elf_getscn(elf->elf, header.sh_link);
        if (its && gelf_getshdr(its, &symbols)) {
            table.symbols = elf_getdata(its, NULL);
            table.strings = symbols.sh_link;
        }
        name_by_table(&table, stubs, names);
    }
}

/* 8 without endbr64, else 16. Static programs do not say it in the header: there
 * the second stub is looked at. */
static uint64_t stub_bytes(Elf_Data *data, const GElf_Shdr *header)
{
    const uint8_t *code = data->d_buf;

    if (header->sh_entsize)
        return header->sh_entsize == 8 ? 8 : 16;
    return data->d_size >= 16 && decode_stub(code, 8, 0).has_slot &&
                   decode_stub(code + 8, 8, 0).has_slot
               ? 8
               : 16;
}

static void note_stub(Elf_Data *data, const GElf_Shdr *header, uint64_t address,
                      struct sym_answer *answer, struct stubs *stubs,
                      struct sym_names *names)
{
    uint64_t entry = stub_bytes(data, header);
    uint64_t at = (address - header->sh_addr) / entry * entry;
    struct stub stub;

    if (at >= data->d_size)
        return;
    stub = decode_stub((uint8_t *)data->d_buf + at, data->d_size - at,
                       header->sh_addr + at);
    answer->start = header->sh_addr + at;
    if (stub.is_head)
        answer->name = sigprof__elf_keep_name(names, "[plt]", "");
    else if ((stub.has_slot || stub.has_index) &&
             stubs->count < stubs->capacity)
        stubs->waiting[stubs->count++] = (struct waiting){stub, answer};
}

void sigprof__elf_name_stubs(struct sym_elf *elf, const uint64_t *addresses,
                             size_t count, struct sym_answer *answers,
                             struct sym_names *names)
{
    struct stubs stubs = {malloc((count + 1) * sizeof *stubs.waiting), 0,
                          count};
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    if (elf->header.e_machine != EM_X86_64 || !stubs.waiting)
        stubs.capacity = 0;
    while (stubs.capacity &&
           (section = elf_nextscn(elf->elf, section)) != NULL) {
        Elf_Data *data;

        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
            !is_plt(sigprof__elf_section_name(elf, &header)))
            continue;
        data = elf_rawdata(section, NULL);
        for (size_t i = 0; data && data->d_buf && i < count; i++)
            if (!answers[i].name && addresses[i] >= header.sh_addr &&
                addresses[i] - header.sh_addr < header.sh_size)
                note_stub(data, &header, addresses[i], &answers[i], &stubs,
                          names);
    }
    if (stubs.count) {
        qsort(stubs.waiting, stubs.count, sizeof *stubs.waiting, by_slot);
        name_by_relocations(elf, &stubs, names);
    }
    free(stubs.waiting);
}
