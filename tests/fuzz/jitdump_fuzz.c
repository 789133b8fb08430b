/* SPDX-License-Identifier: BSD-2-Clause */
/* A jitdump: whole at once, or as it grows, it tells the same. */
#include "jit/jitdump.h"
#include "told_fuzz.h"

static uint64_t tell(const uint8_t *bytes, size_t size, size_t first)
{
    static struct jitdump dump;
    struct grown grown = {bytes, first};
    uint64_t sum = 0;

    sigprof__jitdump_begin(&dump);
    for (int turn = 0; turn < 2; turn++, grown.size = size) {
        const struct told_file file = {read_grown, &grown, grown.size};
        struct told told;

        while (sigprof__jitdump_next(&dump, &file, &told)) {
            check_told(&told);
            sum = sum * 31 + told.start + told.bytes + told.name_bytes +
                  told.time_ns + told.line_count + told.from;
        }
    }
    if (dump.at > size)
        abort();
    return sum + dump.at + dump.bad + dump.state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t first = size ? data[size - 1] * size / 256 : 0;
    uint8_t *bytes = copy_of(data, size);

    if (tell(bytes, size, size) != tell(bytes, size, first))
        abort();
    free(bytes);
    return 0;
}
