/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of names on any bytes, as they are and with a right checksum. */
#include "sym/index.h"

#include <stdlib.h>
#include <string.h>

#include "answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESSES 500
#define FILES_AT 8 /* in the header: which files it was made from */

static void ask(const uint8_t *bytes, size_t size)
{
    uint64_t addresses[ADDRESSES], files = 0;
    struct sym_answer answers[ADDRESSES];
    bool known[ADDRESSES];
    struct sym_names names = {0};
    struct sym_index *index;

    memset(answers, 0, sizeof answers);
    for (size_t i = 0; i < ADDRESSES - 1; i++)
        addresses[i] = 0x1000 + i * 5;
    addresses[ADDRESSES - 1] = UINT64_MAX;
    if (size >= FILES_AT + sizeof files)
        memcpy(&files, bytes + FILES_AT, sizeof files);
    index = sigprof__sym_index_of(bytes, size, files, &names);
    if (index)
        sigprof__sym_index_answer(index, addresses, ADDRESSES, answers, known);
    for (size_t i = 0; index && i < ADDRESSES; i++)
        if (known[i])
            read_answer(&answers[i]);
    sigprof__sym_names_free(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    ask(bytes, size);
    sigprof__sym_index_seal(bytes, size);
    ask(bytes, size);
    free(bytes);
    return 0;
}
