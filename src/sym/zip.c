/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Libraries that were loaded out of an archive, which some loaders call
 * ARCHIVE!/MEMBER. They can only run from members that are stored as they are.
 *
 *   end record     at the end of the file, a comment of up to 64 KiB behind it:
 *                  where the directory is, and how many members it has
 *   directory      for each member: method, size, name, where its header is
 *   member         header, name, extra, then its bytes
 */
#include "elf_impl.h"

#include <stdlib.h>
#include <string.h>

#define END_BYTES 22
#define ENTRY_BYTES 46
#define HEADER_BYTES 30
#define COMMENT_MAX 65535

struct archive {
    const uint8_t *bytes;
    size_t size;
};

static unsigned two(const uint8_t *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

static size_t four(const uint8_t *at)
{
    return two(at) | (size_t)two(at + 2) << 16;
}

/* NULL if there is no end record. */
static const uint8_t *find_end(const struct archive *archive)
{
    size_t most = END_BYTES + COMMENT_MAX;
    size_t from = archive->size > most ? archive->size - most : 0;

    for (size_t at = archive->size; at-- > from + END_BYTES - 1;) {
        const uint8_t *end = archive->bytes + at + 1 - END_BYTES;

        if (memcmp(end, "PK\5\6", 4) == 0)
            return end;
    }
    return NULL;
}

static bool member_at(const struct archive *archive, const uint8_t *entry,
                      struct sym_member *member)
{
    size_t size = four(entry + 20), at = four(entry + 42);
    const uint8_t *header;

    if (two(entry + 10) != 0 || archive->size < HEADER_BYTES ||
        at > archive->size - HEADER_BYTES)
        return false;
    header = archive->bytes + at;
    if (memcmp(header, "PK\3\4", 4) != 0)
        return false;
    at += HEADER_BYTES + two(header + 26) + two(header + 28);
    if (at > archive->size || size > archive->size - at)
        return false;
    *member = (struct sym_member){archive->bytes + at, size};
    return true;
}

bool sigprof__sym_zip_member(const void *bytes, size_t size, const char *name,
                             struct sym_member *member)
{
    const struct archive archive = {bytes, size};
    const uint8_t *end = find_end(&archive);
    size_t left = end ? two(end + 10) : 0, at = end ? four(end + 16) : 0;

    while (left-- && size >= ENTRY_BYTES && at <= size - ENTRY_BYTES) {
        const uint8_t *entry = archive.bytes + at;
        size_t length = two(entry + 28);

        if (memcmp(entry, "PK\1\2", 4) != 0)
            break;
        at += ENTRY_BYTES;
        if (length == strlen(name) && length <= size - at &&
            memcmp(archive.bytes + at, name, length) == 0)
            return member_at(&archive, entry, member);
        at += length + two(entry + 30) + two(entry + 32);
    }
    return false;
}
