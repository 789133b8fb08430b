/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rule oracle: every row of every FDE of a library, as readelf prints it,
 * against the interpreter's row at the same address, and against the packed rule.
 *
 * usage: cfi_oracle_test [FILE…]; without one, the C library and the loader.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <unistd.h>

#include "modules.h"
#include "test.h"
#include "unwind/packed.h"
#include "unwind/walker.h"

#define COLUMNS_MAX 20

static const char *const names[RULES_COLUMNS] = {
    "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
    "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "ra"};

static int column[COLUMNS_MAX]; /* of the table being read; -1: not ours */
static unsigned column_count;
static uintptr_t fde_end; /* a last row may begin there: it is for no pc */
static unsigned long rows, exact, packed_ok, brief, differences;

static int register_number(const char *name, size_t size)
{
    for (int i = 0; i < RULES_COLUMNS; i++) {
        if (strlen(names[i]) == size && strncmp(names[i], name, size) == 0)
            return i;
    }
    return -1;
}

static void read_heading(char *line)
{
    column_count = 0;
    strtok(line, " \n"); /* LOC */
    strtok(NULL, " \n"); /* CFA */
    for (char *word; (word = strtok(NULL, " \n")) != NULL;) {
        if (column_count < COLUMNS_MAX)
            column[column_count++] = register_number(word, strlen(word));
    }
}

/* readelf: "u" never said or undefined, "s" same, "c-16" saved at CFA - 16,
 * "v+8" is CFA + 8, "exp", "vexp", "r9 (r9)" is register number 9. */
static bool is_as_printed(const struct rules_row *row, int number,
                          const char *text)
{
    unsigned kind = row->kind[number];

    if (text[0] == 'u')
        return kind == RULE_SAME || kind == RULE_UNDEFINED;
    if (strcmp(text, "s") == 0)
        return kind == RULE_SAME;
    if (strcmp(text, "exp") == 0)
        return kind == RULE_AT_EXPRESSION;
    if (strcmp(text, "vexp") == 0)
        return kind == RULE_IS_EXPRESSION;
    if (text[0] == 'c')
        return kind == RULE_AT && row->value[number] == atoi(text + 1);
    if (text[0] == 'v')
        return kind == RULE_IS && row->value[number] == atoi(text + 1);
    return kind == RULE_REGISTER && row->value[number] == atoi(text + 1);
}

/* The next column; "r9 (r9)" is one. */
static char *next_word(void)
{
    char *word;

    do
        word = strtok(NULL, " \n");
    while (word && word[0] == '(');
    return word;
}

static bool is_cfa_as_printed(const struct rules_row *row, const char *text)
{
    size_t size = strcspn(text, "+-");

    if (strcmp(text, "exp") == 0)
        return row->cfa_kind == RULE_IS_EXPRESSION;
    return row->cfa_kind == RULE_REGISTER &&
           row->cfa_register == register_number(text, size) &&
           row->cfa_value == atoi(text + size);
}

/* A packed rule must say what its row says, or leave it to the exact tier. */
static bool is_packed_right(const struct rules_row *row,
                            const struct rules_unit *unit, uintptr_t pc)
{
    uint32_t rule = sigprof__pack(row, unit, pc);
    bool by_sp = PACKED_KIND(rule) == PACKED_SP;

    if (PACKED_KIND(rule) == PACKED_EXACT) {
        exact++;
        return true;
    }
    packed_ok++;
    if (PACKED_KIND(rule) == PACKED_ROOT)
        return row->kind[REGS_PC] == RULE_UNDEFINED;
    if (row->cfa_kind == RULE_IS_EXPRESSION) /* a PLT */
        return by_sp && (PACKED_CFA(rule) == 8 || PACKED_CFA(rule) == 16);
    return (by_sp || PACKED_KIND(rule) == PACKED_FP) &&
           row->cfa_register == (by_sp ? REGS_SP : REGS_FP) &&
           (int32_t)PACKED_CFA(rule) == row->cfa_value &&
           -(int32_t)PACKED_FP_BELOW(rule) ==
               (row->kind[REGS_FP] == RULE_AT ? row->value[REGS_FP]
                                                    : 0);
}

/* The short way to a packed rule gives the same, or says that it cannot tell. */
static bool is_brief_right(const struct rules_row *row,
                           const struct rules_unit *unit, uintptr_t pc)
{
    uint32_t rule = sigprof__brief(unit, pc);

    if (rule == PACKED_UNKNOWN)
        return true;
    brief++;
    return rule == sigprof__pack(row, unit, pc);
}

static void check_row(char *line, uintptr_t bias)
{
    static struct rules rules;
    static struct rules_unit unit;
    char copy[512];
    uintptr_t pc = (uintptr_t)strtoull(line, NULL, 16) + bias;
    const struct module *module = sigprof__module_find(sigprof__modules(), pc);
    char *word;
    bool right;

    snprintf(copy, sizeof copy, "%s", line);
    strtok(line, " \n");
    word = strtok(NULL, " \n");
    if (pc - bias >= fde_end)
        return;
    rows++;
    right = module && word &&
            sigprof__cfi_find(module->cfi, pc, &unit) == CFI_FOUND &&
            sigprof__rules_run(&rules, &unit, pc) &&
            is_cfa_as_printed(&rules.row, word) &&
            is_packed_right(&rules.row, &unit, pc) &&
            is_brief_right(&rules.row, &unit, pc);
    for (unsigned i = 0; right && i < column_count; i++) {
        word = next_word();
        if (!word)
            break;
        if (column[i] >= 0)
            right = is_as_printed(&rules.row, column[i], word);
    }
    if (!right && differences++ < 10)
        fprintf(stderr, "differs: %s", copy);
}

/* "… FDE cie=… pc=LOW..HIGH": true for an FDE. */
static bool read_title(const char *line)
{
    const char *range = strstr(line, " FDE ") ? strstr(line, "..") : NULL;

    fde_end = range ? (uintptr_t)strtoull(range + 2, NULL, 16) : 0;
    return range != NULL;
}

static bool is_row(const char *line)
{
    return strspn(line, "0123456789abcdef") == 16 && line[16] == ' ' &&
           line[17] != 'F' && !strstr(line, " CIE") && !strstr(line, " FDE") &&
           !strstr(line, "ZERO");
}

static void check_file(const char *path, uintptr_t bias)
{
    char command[5000];
    char line[512];
    bool in_frames = false, in_fde = false;
    unsigned long before = rows;
    FILE *readelf;

    snprintf(command, sizeof command,
             "LC_ALL=C readelf --debug-dump=frames-interp '%s' 2>/dev/null",
             path);
    readelf = popen(command, "r");
    if (!readelf)
        test_skip("readelf cannot be run");
    while (fgets(line, sizeof line, readelf)) {
        if (strstr(line, "Contents of the"))
            in_frames = strstr(line, ".eh_frame") != NULL;
        if (strstr(line, " CIE ") || strstr(line, " FDE "))
            in_fde = read_title(line);
        if (strncmp(line, "   LOC", 6) == 0)
            read_heading(line);
        else if (in_frames && in_fde && is_row(line))
            check_row(line, bias);
    }
    pclose(readelf);
    if (rows == before)
        test_skip("readelf has printed no row");
    printf("%s: %lu rows\n", path, rows - before);
}

static void check_loaded(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW);
    struct link_map *map = NULL;

    if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
        FAIL("%s cannot be loaded", path);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    check_file(map->l_name, map->l_addr);
}

int main(int argc, char **argv)
{
#ifdef __GLIBC__
    static const char *const usual[] = {"libc.so.6", "ld-linux-x86-64.so.2"};
#else /* both in one */
    static const char *const usual[] = {"libc.so", "libc.so"};
#endif

    CHECK_EQ(sigprof__modules_refresh(), 0);
    for (int i = 1; i < argc; i++)
        check_loaded(argv[i]);
    for (int i = 0; argc == 1 && i < 2; i++)
        check_loaded(usual[i]);
    printf("%lu rows, %lu packed, %lu of them briefly, %lu exact, %lu differ\n",
           rows, packed_ok, brief, exact, differences);
    return differences != 0;
}
