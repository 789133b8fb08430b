/* SPDX-License-Identifier: BSD-2-Clause */
/* No second reader: what ours declines has no answer. */
#include "second.h"

bool sigprof__second_available(void)
{
    return false;
}

void sigprof__second_answer(const struct sym_image *image,
                            const uint64_t *addresses, size_t count,
                            struct sym_answer *answers, struct sym_names *names)
{
    (void)image, (void)addresses, (void)count, (void)answers, (void)names;
}
