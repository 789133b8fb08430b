/* SPDX-License-Identifier: BSD-2-Clause */
/* The DWARF reader on any object file, with addresses all over its range. */
#include "sym/dwarf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESSES 500

static volatile size_t sink;

/* Every string is read to its end. */
static void read_answer(const struct sym_answer *answer)
{
    if (answer->name)
        sink += strlen(answer->name);
    for (uint32_t i = 0; i < answer->place_count; i++) {
        const struct sym_place *place = &answer->places[i];

        sink += place->line;
        sink += place->name ? strlen(place->name) : 0;
        sink += place->file ? strlen(place->file) : 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Files that the input speaks of are not there. */
    const struct sym_places places = {.symfs = "/nonexistent"};
    const struct sym_dwarf_places where = {"/nonexistent/p", NULL, &places,
                                           NULL};
    uint64_t addresses[ADDRESSES];
    struct sym_answer answers[ADDRESSES];
    struct sym_extent extents[ADDRESSES];
    struct sym_names names = {0};
    struct sym_dwarf *dwarf;
    struct sym_elf *elf;
    /* A copy of its own size: what is read behind it is found. */
    uint8_t *bytes = malloc(size ? size : 1);

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    memset(answers, 0, sizeof answers);
    for (size_t i = 0; i < ADDRESSES - 1; i++)
        addresses[i] = 0x1000 + i * 5;
    addresses[ADDRESSES - 1] = UINT64_MAX;
    elf = sigprof__sym_elf_open(bytes, size);
    dwarf = elf ? sigprof__sym_dwarf_open(elf, &where) : NULL;
    if (dwarf) {
        sigprof__sym_dwarf_answer(dwarf, addresses, ADDRESSES, answers, extents,
                                  &names);
        for (size_t i = 0; i < ADDRESSES; i++)
            read_answer(&answers[i]);
    }
    sigprof__sym_dwarf_close(dwarf);
    sigprof__sym_elf_close(elf);
    sigprof__sym_names_free(&names);
    free(bytes);
    return 0;
}
