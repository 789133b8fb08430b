/* SPDX-License-Identifier: BSD-2-Clause */
/* The symbol reader on any bytes, ELF or Mach-O, with addresses all over the
 * file's range. */
#include "sym/elf_impl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESSES 600
#define UUID_BYTES 16

static bool has_id(const void *made, size_t size, const uint8_t *id)
{
    struct sym_elf *elf = sigprof__sym_elf_open(made, size);
    const uint8_t *found;
    bool same;

    if (!elf)
        abort(); /* what we make is ELF */
    same = sigprof__sym_elf_build_id(elf, &found) == UUID_BYTES &&
           memcmp(found, id, UUID_BYTES) == 0;
    sigprof__sym_elf_close(elf);
    return same;
}

/* What a universal file has with the UUID that the input ends with; where it has none
 * that is what it has first. */
static void ask_for_uuid(const uint8_t *bytes, size_t size, const void *first,
                         size_t first_size)
{
    const uint8_t *id = bytes + size - UUID_BYTES;
    size_t made_size;
    void *made;

    if (size < UUID_BYTES)
        return;
    made = sigprof__sym_macho_as_elf(bytes, size, id, UUID_BYTES, &made_size);
    if (!made != !first ||
        (made && !has_id(made, made_size, id) &&
         (made_size != first_size || memcmp(made, first, made_size) != 0)))
        abort();
    free(made);
}

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
    size_t made_size = 0;
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
        ask_for_uuid(bytes, size, made, made_size);
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
