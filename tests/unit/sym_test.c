/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which symbol an address gets, on an ELF file made here: aliases, sizes that
 * are missing, labels, gaps, functions within functions. And how names look.
 */
#include "fold/name.h"
#include "fold_check.h"
#include "sym/sym.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* file header | sections: null .text .symtab .strtab .shstrtab | tables */
struct image {
    Elf64_Ehdr header;
    Elf64_Shdr section[5];
    Elf64_Sym symbol[32];
    char names[1024];
    char section_names[64];
};

static struct image image;
static size_t symbols = 1, name_bytes = 1;

static void add(const char *name, uint64_t value, uint64_t size, int bind,
                int type)
{
    Elf64_Sym *symbol = &image.symbol[symbols++];

    symbol->st_name = (Elf64_Word)name_bytes;
    symbol->st_info = (unsigned char)ELF64_ST_INFO(bind, type);
    symbol->st_shndx = 1;
    symbol->st_value = value;
    symbol->st_size = size;
    strcpy(image.names + name_bytes, name);
    name_bytes += strlen(name) + 1;
}

static void section(unsigned index, const char *name, uint32_t type,
                    size_t offset, size_t size)
{
    static size_t at = 1;
    Elf64_Shdr *header = &image.section[index];

    header->sh_name = (Elf64_Word)at;
    strcpy(image.section_names + at, name);
    at += strlen(name) + 1;
    header->sh_type = type;
    header->sh_offset = offset;
    header->sh_size = size;
}

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define DATA_HERE ELFDATA2MSB
#else
#define DATA_HERE ELFDATA2LSB
#endif

static void finish_image(void)
{
    memcpy(image.header.e_ident, ELFMAG, SELFMAG);
    image.header.e_ident[EI_CLASS] = ELFCLASS64;
    image.header.e_ident[EI_DATA] = DATA_HERE;
    image.header.e_ident[EI_VERSION] = EV_CURRENT;
    image.header.e_type = ET_DYN;
    image.header.e_machine = EM_X86_64;
    image.header.e_version = EV_CURRENT;
    image.header.e_ehsize = sizeof image.header;
    image.header.e_shoff = offsetof(struct image, section);
    image.header.e_shentsize = sizeof *image.section;
    image.header.e_shnum = 5;
    image.header.e_shstrndx = 4;
    section(1, ".text", SHT_NOBITS, 0, 0x2000);
    image.section[1].sh_addr = 0x1000;
    image.section[1].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    section(2, ".symtab", SHT_SYMTAB, offsetof(struct image, symbol),
            symbols * sizeof *image.symbol);
    image.section[2].sh_entsize = sizeof *image.symbol;
    image.section[2].sh_link = 3;
    section(3, ".strtab", SHT_STRTAB, offsetof(struct image, names),
            sizeof image.names);
    section(4, ".shstrtab", SHT_STRTAB, offsetof(struct image, section_names),
            sizeof image.section_names);
}

static const char *name_at(uint64_t address)
{
    static struct sym_names names;
    struct sym_answer answer = {0};
    struct sym_elf *elf = sigprof__sym_elf_open(&image, sizeof image);

    sigprof__sym_names_free(&names);
    CHECK(elf != NULL);
    if (elf)
        sigprof__sym_elf_names(elf, NULL, &address, 1, &answer, NULL, &names);
    sigprof__sym_elf_close(elf);
    return answer.name ? answer.name : "";
}

#define NAMED(address, name) CHECK(strcmp(name_at(address), name) == 0)

static void symbols_are_chosen(void)
{
    add("outer", 0x1000, 0x100, STB_GLOBAL, STT_FUNC);
    add("nested", 0x1040, 0x10, STB_LOCAL, STT_FUNC);
    add("label", 0x1080, 0, STB_GLOBAL, STT_NOTYPE);
    add("__alias", 0x1200, 0x20, STB_GLOBAL, STT_FUNC);
    add("alias_long", 0x1200, 0x20, STB_GLOBAL, STT_FUNC);
    add("aliasB", 0x1200, 0x20, STB_GLOBAL, STT_FUNC);
    add("aliasA", 0x1200, 0x20, STB_GLOBAL, STT_FUNC);
    add("al", 0x1200, 0x20, STB_WEAK, STT_FUNC);
    add("a", 0x1200, 0x20, STB_LOCAL, STT_FUNC);
    add("assembly", 0x1300, 0, STB_GLOBAL, STT_FUNC);
    add("assembly2", 0x1320, 0, STB_LOCAL, STT_NOTYPE);
    add("$x", 0x1310, 0, STB_LOCAL, STT_NOTYPE);
    add(".Lloop", 0x1318, 0, STB_LOCAL, STT_NOTYPE);
    add("data", 0x1330, 8, STB_GLOBAL, STT_OBJECT);
    add("sized", 0x1400, 0x10, STB_GLOBAL, STT_FUNC);
    add("last", 0x2ff0, 0, STB_GLOBAL, STT_FUNC);
    add("__bss_start", 0x2ff8, 0, STB_GLOBAL, STT_NOTYPE);
    add("huge", 0x2800, UINT64_MAX - 0x10, STB_GLOBAL, STT_FUNC);
    finish_image();

    NAMED(0x0fff, "");
    NAMED(0x1000, "outer");
    NAMED(0x103f, "outer");
    NAMED(0x1040, "nested");
    NAMED(0x104f, "nested");
    NAMED(0x1050, "outer"); /* the inner one is over, the outer is not */
    NAMED(0x1090, "outer"); /* a label loses to what covers it */
    NAMED(0x10ff, "outer");
    NAMED(0x1100, ""); /* the label ends where what it is in ends */
    NAMED(0x1200, "aliasA");
    NAMED(0x121f, "aliasA");
    NAMED(0x1220, "");
    NAMED(0x1300, "assembly");
    NAMED(0x131f, "assembly"); /* mapping symbols and .L are not there */
    NAMED(0x1320, "assembly2");
    NAMED(0x13ff, "assembly2");
    NAMED(0x1410, "");
    NAMED(0x2fff, "last");
    NAMED(0x3000, ""); /* the section ends */
}

static void names_are_shown(void)
{
    static const char *const pairs[][2] = {
        {"plain", "plain"},
        {"f.part.0", "f"},
        {"f.constprop.1.isra.0.cold", "f"},
        {"f.llvm.12345", "f"},
        {"f.lto_priv.3", "f"},
        {"f.resolver", "f.resolver"},
        {".cold", ".cold"},
        {"cold", "cold"},
        {"memcpy@@GLIBC_2.14", "memcpy"},
        {"rand@plt", "rand@plt"},
        {"rand@GLIBC_2.2.5@plt", "rand@plt"},
#if TEST_WITH_LIBIBERTY
        {"_ZN1aC1Ev", "a::a()"},
        {"_ZN1aC1Ev@plt", "a::a()@plt"},
        {"_ZlsRSoi.part.0.cold", "operator<<(std::ostream&, int)"},
        {"_ZN4core3ptr13drop_in_place17h0123456789abcdefE",
         "core::ptr::drop_in_place"},
        {"_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Write$GT$"
         "9write_str17h0123456789abcdefE",
         "<alloc::string::String as core::fmt::Write>::write_str"},
        {"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
        {"_D3std5stdio5printFZv", "std.stdio.print()"},
#endif
        {"_Znonsense", "_Znonsense"},
        {"_D", "_D"},
    };
    char *out = malloc(SYM_NAME_MAX);

    for (size_t i = 0; out && i < sizeof pairs / sizeof *pairs; i++) {
        size_t size = sigprof__sym_display(pairs[i][0], out);

        if (size != strlen(pairs[i][1]) || memcmp(out, pairs[i][1], size)) {
            printf("%s: %.*s\n", pairs[i][0], (int)size, out);
            CHECK(!"shown as it should be");
        }
    }
    free(out);
}

/* A name of 100 kB, one of 8,000 pointers, and one that doubles with each
 * substitution: bounded in time, stack and output. */
static void hostile_names_end(void)
{
    size_t size = 100000;
    char *raw = malloc(size + 1), *out = malloc(SYM_NAME_MAX);
    size_t at;

    if (!raw || !out)
        return;
    memset(raw, 'P', size);
    memcpy(raw, "_Z1f", 4);
    raw[size] = '\0';
    CHECK(sigprof__sym_display(raw, out) == SYM_NAME_MAX);
    raw[8000] = '\0';
    raw[7999] = 'i';
    sigprof__sym_display(raw, out);
    /* Each parameter is a pair of the one before. */
    at = (size_t)sprintf(raw, "_Z1f1aIiiE");
    for (const char *digit = "0123456789ABCDEFGHIJKLMNOPQRSTUV"; *digit; digit++)
        at += (size_t)sprintf(raw + at, "S_IS%c_S%c_E", *digit, *digit);
    at = sigprof__sym_display(raw, out);
#if TEST_WITH_LIBIBERTY
    CHECK(at == SYM_NAME_MAX);
    CHECK(memcmp(out, "f(a<int, int>, a<a<int, int>", 28) == 0);
#endif
    free(raw);
    free(out);
}

static void names_are_made_safe(void)
{
    static const char *const pairs[][2] = {
        {"a;b", "a:b"},
        {"lambda 3", "lambda_3"},
        {"lambda 3.5", "lambda_3.5"},
        {"f 3a", "f 3a"},
        {"", "[unknown]"},
        {"a\r\n\tb\x7f", "a???b?"},
        {"\xff", "\xef\xbf\xbd"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x94\xa5", "\xf0\x9f\x94\xa5"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"3", "3"},
        {" 3", "_3"}};
    char out[256];

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t size = sigprof__name_sanitize(sigprof__text(pairs[i][0]), out);

        CHECK(size == strlen(pairs[i][1]) && !memcmp(out, pairs[i][1], size));
    }
}

#if TEST_WITH_LIBIBERTY
#include <libiberty/safe-ctype.h>

/* Ours stands in for libiberty's: the classes of the C locale, and its few own. */
static void characters_have_their_classes(void)
{
    for (int c = 0; c < 256; c++) {
        bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        bool digit = c >= '0' && c <= '9', graph = c > ' ' && c < 127;
        bool hex = digit || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
        bool feed = c == '\t' || c == '\v' || c == '\f', line = c == '\n' || c == '\r';

        CHECK(!!ISUPPER(c) == (upper));
        CHECK(!!ISLOWER(c) == (lower));
        CHECK(!!ISALPHA(c) == (upper || lower));
        CHECK(!!ISDIGIT(c) == (digit));
        CHECK(!!ISXDIGIT(c) == (hex));
        CHECK(!!ISALNUM(c) == (upper || lower || digit));
        CHECK(!!ISIDST(c) == (upper || lower || c == '_'));
        CHECK(!!ISPRINT(c) == (graph || c == ' '));
        CHECK(!!ISGRAPH(c) == (graph));
        CHECK(!!ISPUNCT(c) == (graph && !upper && !lower && !digit));
        CHECK(!!ISSPACE(c) == (c == ' ' || feed || line));
        CHECK(!!ISBLANK(c) == (c == ' ' || c == '\t'));
        CHECK(!!ISCNTRL(c) == (c < 32 || c == 127));
        CHECK(!!IS_VSPACE(c) == (line));
        CHECK(!!IS_NVSPACE(c) == (c == 0 || c == ' ' || feed));
    }
}
#endif

int main(void)
{
    symbols_are_chosen();
    names_are_shown();
    hostile_names_end();
    names_are_made_safe();
#if TEST_WITH_LIBIBERTY
    characters_have_their_classes();
#endif
    return CHECKED;
}
