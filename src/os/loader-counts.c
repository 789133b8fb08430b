/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for systems whose loader counts what it does. */
#include "os/os.h"

#include <link.h>

/* Old ones do not. */
bool sigprof__os_loader_counts(const struct dl_phdr_info *info, size_t size,
                               uint64_t *adds, uint64_t *subs)
{
    if (size < offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs)
        return false;
    *adds = info->dlpi_adds;
    *subs = info->dlpi_subs;
    return true;
}
