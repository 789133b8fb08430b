/* SPDX-License-Identifier: BSD-2-Clause */
/* The symbol reader on any bytes, ELF or Mach-O, with addresses all over the
 * file's range. */
#include "sym/elf_impl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESSES 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t addresses[ADDRESSES];
    struct sym_answer answers[ADDRESSES];
    struct sym_extent extents[ADDRESSES];
    struct sym_names names = {0};
    struct sym_elf *elf;
    const uint8_t *id;
    uint32_t crc;
    void *made = NULL;
    size_t made_size;
    /* A copy of its own size: what is read behind it is found. */
    uint8_t *bytes = malloc(size ? size : 1);
    char *shown = malloc(SYM_NAME_MAX);

    if (!bytes || !shown)
        abort();
    memcpy(bytes, data, size);
    memset(answers, 0, sizeof answers);
    for (size_t i = 0; i < ADDRESSES - 1; i++)
        addresses[i] = i * 24;
    addresses[ADDRESSES - 1] = UINT64_MAX;
    elf = sigprof__sym_elf_open(bytes, size);
    if (!elf) {
        made = sigprof__sym_macho_as_elf(bytes, size, NULL, 0, &made_size);
        if (made && !(elf = sigprof__sym_elf_open(made, made_size)))
            abort(); /* what we make is ELF */
        if (made && made_size > 8 * size + 32768)
            abort(); /* with all that shares bytes in there written out */
    }
    if (elf) {
        sigprof__sym_elf_build_id(elf, &id);
        sigprof__sym_elf_debuglink(elf, &crc);
        sigprof__sym_elf_has_symtab(elf);
        sigprof__sym_elf_names(elf, elf, addresses, ADDRESSES, answers, extents,
                               &names);
        for (size_t i = 0; i < ADDRESSES; i++)
            if (answers[i].name)
                sigprof__sym_display(answers[i].name, shown);
        sigprof__sym_elf_close(elf);
    }
    sigprof__sym_names_free(&names);
    free(shown);
    free(made);
    free(bytes);
    return 0;
}
