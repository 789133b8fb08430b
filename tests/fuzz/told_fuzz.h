/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a file that a virtual machine writes, which grows meanwhile. */
#include "jit/told.h"

#include <sigprof/jit.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct grown {
    const uint8_t *data;
    uint64_t size; /* now */
};

static volatile uint64_t sink;

static size_t read_grown(void *arg, uint64_t at, void *to, size_t size)
{
    const struct grown *grown = arg;

    if (at > grown->size)
        abort();
    if (grown->size - at < size)
        size = (size_t)(grown->size - at);
    memcpy(to, grown->data + at, size);
    return size;
}

/* What the readers promise of what they tell. */
static void check_told(const struct told *told)
{
    if (!told->bytes || told->bytes > TOLD_BYTES_MAX ||
        told->start > UINT64_MAX - told->bytes ||
        told->name_bytes > TOLD_TEXT_MAX || told->file_bytes > TOLD_TEXT_MAX)
        abort();
    if (told->kind == TOLD_CODE &&
        (!told->name_bytes || strlen(told->name) != told->name_bytes ||
         strlen(told->file) != told->file_bytes))
        abort();
    for (size_t i = 0; i < told->eh_frame_bytes; i++)
        sink += told->eh_frame[i];
    for (size_t i = 0; i < told->file_bytes; i++)
        sink += (uint8_t)told->file[i];
    for (uint32_t i = 0; i < told->line_count; i++) {
        sink += told->lines[i].line;
        if (i && told->lines[i].code_offset < told->lines[i - 1].code_offset)
            abort();
    }
}

/* An honest copy, so that a read too far is seen. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    return bytes;
}
