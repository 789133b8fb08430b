/* SPDX-License-Identifier: BSD-2-Clause */
/* perf-PID.map: whole at once, or as it grows, it tells the same. */
#include "jit/perf-map.h"
#include "told_fuzz.h"

static uint64_t tell(const uint8_t *bytes, size_t size, size_t first)
{
    struct perf_map map;
    struct grown grown = {bytes, first};
    uint64_t sum = 0;

    sigprof__perf_map_begin(&map, 0);
    for (int turn = 0; turn < 2; turn++, grown.size = size) {
        const struct told_file file = {read_grown, &grown, grown.size};
        struct told told;

        while (sigprof__perf_map_next(&map, &file, &told)) {
            check_told(&told);
            sum = sum * 31 + told.start + told.bytes + told.name_bytes +
                  (uint8_t)told.name[told.name_bytes - 1];
        }
    }
    if (map.at > size)
        abort();
    return sum + map.at + map.bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t first = size ? data[0] * size / 256 : 0;
    uint8_t *bytes = copy_of(data, size);

    if (tell(bytes, size, size) != tell(bytes, size, first))
        abort();
    free(bytes);
    return 0;
}
