/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems whose loader counts nothing: OpenBSD. */
#include "os/os.h"

bool sigprof__os_loader_counts(const struct dl_phdr_info *info, size_t size,
                               uint64_t *adds, uint64_t *subs)
{
    (void)info;
    (void)size;
    (void)adds;
    (void)subs;
    return false;
}
