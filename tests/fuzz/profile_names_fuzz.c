/* SPDX-License-Identifier: BSD-2-Clause */
/* Any symbol's name, shown and made safe; what comes out must be safe. */
#include "fold/name.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *raw = malloc(size + 1), *shown = malloc(SYM_NAME_MAX);
    char *safe = malloc(3 * SYM_NAME_MAX + 16);
    size_t length;

    if (!raw || !shown || !safe)
        abort();
    memcpy(raw, data, size);
    raw[size] = '\0';
    length = sigprof__sym_display(raw, shown);
    if (length > SYM_NAME_MAX)
        abort();
    length = sigprof__name_sanitize((struct text){shown, length}, safe);
    if (length == 0)
        abort();
    for (size_t i = 0; i < length; i++)
        if (safe[i] == ';' || (unsigned char)safe[i] < ' ')
            abort();
    free(raw);
    free(shown);
    free(safe);
    return 0;
}
