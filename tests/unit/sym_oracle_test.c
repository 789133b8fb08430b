/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names against binutils: random addresses inside function symbols of real
 * binaries (arguments: files), our answer against what nm lists. An answer is
 * right when it is one of the names of the innermost symbol that covers the
 * address. addr2line's opinion is counted beside. $NM: the one that knows the
 * CPU of what was built, as arm's knows of Thumb; of other files, nm. Exit 77: no nm.
 */
#include "sym/sym.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADDRESSES 3000

struct listed {
    uint64_t start, end;
    char *name;
};

static struct listed *list;
static size_t listed;

static int by_start(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

static void list_symbols(const char *path, const char *option)
{
    char command[8400], line[65536], type, name[60000];
    uint64_t start, size;
    FILE *nm;

    snprintf(command, sizeof command,
             "{ ${NM:-nm} -S --defined-only %s '%s' || nm -S --defined-only %s '%s'; } "
             "2>/dev/null",
             option, path, option, path);
    nm = popen(command, "r");
    while (nm && fgets(line, sizeof line, nm))
        /* Low "addresses" of type W are offsets of thread-local variables. */
        if (sscanf(line, "%" SCNx64 " %" SCNx64 " %c %59999s", &start, &size,
                   &type, name) == 4 &&
            strchr("tTwWi", type) && size > 0 && start >= 0x400) {
            list = realloc(list, (listed + 1) * sizeof *list);
            list[listed++] = (struct listed){start, start + size, strdup(name)};
        }
    if (nm)
        pclose(nm);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static bool same_name(const char *ours, const char *theirs)
{
    size_t size = strcspn(theirs, "@"), own = strcspn(ours, "@");

    return size == own && memcmp(ours, theirs, size) == 0;
}

/* The largest start among symbols that cover the address. */
static uint64_t innermost(uint64_t address)
{
    uint64_t best = 0;

    for (size_t i = 0; i < listed && list[i].start <= address; i++)
        if (address < list[i].end)
            best = list[i].start;
    return best;
}

static bool acceptable(const char *name, uint64_t address, uint64_t start)
{
    for (size_t i = 0; i < listed && list[i].start <= address; i++)
        if (list[i].start == start && address < list[i].end &&
            same_name(name, list[i].name))
            return true;
    return false;
}

/* How many of addr2line's names are not ours; aliases are expected. */
static unsigned ask_addr2line(const char *path, const uint64_t *addresses,
                              const struct sym_answer *answers, size_t count)
{
    char file[] = "/tmp/sym_oracle.XXXXXX", command[8192], line[65536];
    int descriptor = mkstemp(file);
    FILE *in = fdopen(descriptor, "w"), *out;
    unsigned different = 0;

    for (size_t i = 0; i < count; i++)
        fprintf(in, "%#" PRIx64 "\n", addresses[i]);
    fclose(in);
    snprintf(command, sizeof command, "addr2line -f -e '%s' < %s 2>/dev/null",
             path, file);
    out = popen(command, "r");
    for (size_t i = 0; out && i < count && fgets(line, sizeof line, out); i++) {
        line[strcspn(line, "\n")] = '\0';
        if (!answers[i].name || !same_name(answers[i].name, line))
            different++;
        if (!fgets(line, sizeof line, out))
            break;
    }
    if (out)
        pclose(out);
    unlink(file);
    return different;
}

static unsigned check(const char *path, struct sym_elf *elf)
{
    static uint64_t addresses[ADDRESSES];
    static struct sym_answer answers[ADDRESSES];
    struct sym_names names = {0};
    unsigned wrong = 0;

    srandom(1);
    memset(answers, 0, sizeof answers);
    for (size_t i = 0; i < ADDRESSES; i++) {
        const struct listed *at = &list[(size_t)random() % listed];

        addresses[i] = at->start + (uint64_t)random() % (at->end - at->start);
    }
    qsort(addresses, ADDRESSES, sizeof *addresses, by_value);
    sigprof__sym_elf_names(elf, NULL, addresses, ADDRESSES, answers, NULL,
                           &names);
    for (size_t i = 0; i < ADDRESSES; i++) {
        uint64_t start = innermost(addresses[i]);
        const char *name = answers[i].name ? answers[i].name : "(none)";

        if (answers[i].start == start && acceptable(name, addresses[i], start))
            continue;
        wrong++;
        printf("  %#" PRIx64 ": %s + %#" PRIx64 "\n", addresses[i], name,
               addresses[i] - answers[i].start);
    }
    printf("%s: %zu symbols, %d addresses, %u wrong, %u unlike addr2line\n",
           path, listed, ADDRESSES, wrong,
           ask_addr2line(path, addresses, answers, ADDRESSES));
    sigprof__sym_names_free(&names);
    return wrong;
}

static unsigned check_file(const char *path)
{
    int descriptor = open(path, O_RDONLY);
    struct stat status;
    void *bytes;
    struct sym_elf *elf;
    unsigned wrong = 0;

    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        printf("%s: not here\n", path);
        return 0;
    }
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE,
                 descriptor, 0);
    close(descriptor);
    elf = sigprof__sym_elf_open(bytes, (size_t)status.st_size);
    if (!elf) {
        printf("%s: not an ELF file\n", path);
        return 1;
    }
    listed = 0;
    list_symbols(path, "");
    list_symbols(path, "-D");
    qsort(list, listed, sizeof *list, by_start);
    if (listed)
        wrong = check(path, elf);
    else
        printf("%s: no symbols\n", path);
    for (size_t i = 0; i < listed; i++)
        free(list[i].name);
    sigprof__sym_elf_close(elf);
    munmap(bytes, (size_t)status.st_size);
    return wrong;
}

int main(int argc, char **argv)
{
    unsigned wrong = 0;

    if (system("nm --version >/dev/null 2>&1") != 0) {
        puts("skipped: binutils' nm is not installed");
        return 77;
    }
    for (int i = 1; i < argc; i++)
        wrong += check_file(argv[i]);
    free(list);
    return wrong ? 1 : 0;
}
