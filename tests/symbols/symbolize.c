/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What our reader says of addresses, one by one: symbolize [-d DIR] [-s DIR]
 * [-b BUILD-ID] [-r READER] FILE <ADDRESSES. READER is ours or libdwarf, alone;
 * else ours with libdwarf behind it, as the command has it. An address a line,
 * in hexadecimal, any order. For each, its address on a line, then a line for
 * each function, the innermost first:
 *
 *   NAME<tab>FILE<tab>LINE
 *
 * with ? and 0 for what is not known, and an empty line at the end.
 */
#include "sym/sym.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t *addresses, *sorted;
static size_t count, unique;
static struct sym_answer *answers;

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void read_addresses(void)
{
    uint64_t address;

    while (scanf("%" SCNx64, &address) == 1) {
        addresses = must(realloc(addresses, (count + 1) * sizeof *addresses));
        addresses[count++] = address;
    }
    sorted = must(malloc((count + 1) * sizeof *sorted));
    memcpy(sorted, addresses, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_value);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || sorted[i] != sorted[unique - 1])
            sorted[unique++] = sorted[i];
    answers = must(calloc(unique + 1, sizeof *answers));
}

static void print_place(const char *name, const char *file, uint32_t line)
{
    printf("%s\t%s\t%" PRIu32 "\n", name ? name : "?", file ? file : "?", line);
}

static void print_answer(const struct sym_answer *answer)
{
    for (uint32_t i = answer->place_count; i-- > 0;) {
        const struct sym_place *place = &answer->places[i];

        print_place(i == 0 ? answer->name : place->name, place->file,
                    place->line);
    }
    if (answer->place_count == 0)
        print_place(answer->name, NULL, 0);
    printf("\n");
}

static size_t read_hex(const char *text, uint8_t *bytes, size_t room)
{
    size_t size = 0;

    while (size < room &&
           sscanf(text + 2 * size, "%2" SCNx8, &bytes[size]) == 1)
        size++;
    return size;
}

int main(int argc, char **argv)
{
    const char *debug_dirs[8];
    uint8_t id[32];
    struct sym_places places = {.debug_dirs = debug_dirs};
    struct sym_module module = {0};
    struct sym_names names = {0};
    struct sym_report report;
    int option;

    while ((option = getopt(argc, argv, "b:d:s:r:")) != -1) {
        if (option == 'b') {
            module.build_id = id;
            module.build_id_bytes = read_hex(optarg, id, sizeof id);
        } else if (option == 'd' && places.debug_dir_count < 8) {
            debug_dirs[places.debug_dir_count++] = optarg;
        } else if (option == 's') {
            places.symfs = optarg;
        } else if (option == 'r') {
            places.reader = strcmp(optarg, "ours") == 0 ? SYM_READER_OURS
                                                        : SYM_READER_LIBDWARF;
        } else {
            return 2;
        }
    }
    if (optind + 1 != argc)
        return 2;
    module.path = argv[optind];
    read_addresses();
    sigprof__sym_resolve(&places, &module, sorted, unique, answers, &names,
                         &report);
    if (report.state != SYM_NAMED) {
        fprintf(stderr, "symbolize: %s: state %d\n", module.path,
                (int)report.state);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        const uint64_t *at =
            bsearch(&addresses[i], sorted, unique, sizeof *sorted, by_value);

        printf("0x%" PRIx64 "\n", addresses[i]);
        print_answer(&answers[at - sorted]);
    }
    sigprof__sym_names_free(&names);
    return 0;
}
