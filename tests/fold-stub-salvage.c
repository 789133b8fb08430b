/* SPDX-License-Identifier: BSD-2-Clause */
/* For builds of the command without the library: no ring is ever found. */
#include "../src/salvage.h"

enum salvage_state sigprof__salvage(const char *ring_path, const uint8_t *id,
                                    const uint8_t *file, size_t file_bytes,
                                    uint8_t **tail, size_t *tail_bytes)
{
    (void)ring_path, (void)id, (void)file, (void)file_bytes;
    *tail = NULL;
    *tail_bytes = 0;
    return SALVAGE_NONE;
}

int sigprof__salvage_keep(const char *ring_path, const char *profile_path,
                          const uint8_t *tail, size_t tail_bytes)
{
    (void)ring_path, (void)profile_path, (void)tail, (void)tail_bytes;
    return 0;
}
