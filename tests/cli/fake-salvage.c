/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring for tests: a file that begins with "ALIVE", or whose bytes are the
 * tail. Keeping it appends them and removes the file, as the real one does.
 */
#include "../../src/salvage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING_BYTES 65536

enum salvage_state sigprof__salvage(const char *ring_path, const uint8_t *id,
                                    const uint8_t *file, size_t file_bytes,
                                    uint8_t **tail, size_t *tail_bytes)
{
    FILE *ring = fopen(ring_path, "rb");

    if (!ring || !file || file_bytes == 0 || id[0] != 0x5e)
        return SALVAGE_NONE;
    *tail = malloc(RING_BYTES);
    *tail_bytes = *tail ? fread(*tail, 1, RING_BYTES, ring) : 0;
    fclose(ring);
    if (*tail_bytes >= 5 && memcmp(*tail, "ALIVE", 5) == 0) {
        free(*tail);
        *tail = NULL;
        return SALVAGE_ALIVE;
    }
    return SALVAGE_TAIL;
}

enum salvage_state sigprof__salvage_file(const char *ring_path,
                                         const uint8_t *id, int descriptor,
                                         uint64_t file_bytes, uint8_t **tail,
                                         size_t *tail_bytes)
{
    (void)descriptor;
    return sigprof__salvage(ring_path, id, (const uint8_t *)"", file_bytes != 0,
                            tail, tail_bytes);
}

int sigprof__salvage_keep(const char *ring_path, const char *profile_path,
                          const uint8_t *tail, size_t tail_bytes)
{
    FILE *file = fopen(profile_path, "ab");

    if (!file)
        return errno;
    fwrite(tail, 1, tail_bytes, file);
    fclose(file);
    unlink(ring_path);
    return 0;
}
