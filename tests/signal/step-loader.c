/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dl_iterate_phdr for libunwind, which calls it in the middle of anything: where
 * the stepped program has the loader's lock half taken, the C library's own would
 * wait for ever. While stepping, this one reads the loader's list without a lock;
 * the only thread is the one that is stopped.
 */
#include "step-work.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

typedef int visit(struct dl_phdr_info *, size_t, void *);

volatile bool step_stepping;

static bool describe(const struct link_map *map, struct dl_phdr_info *info)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)map->l_addr;

    if (map->l_addr == 0 || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return false;
    memset(info, 0, sizeof *info);
    info->dlpi_addr = map->l_addr;
    info->dlpi_name = map->l_name;
    info->dlpi_phdr = (const void *)(map->l_addr + header->e_phoff);
    info->dlpi_phnum = header->e_phnum;
    return true;
}

__attribute__((visibility("default"))) int
dl_iterate_phdr(visit *function, void *data)
{
    static int (*real)(visit *, void *);
    struct dl_phdr_info info;
    int result = 0;

    if (!step_stepping) {
        if (!real)
            real = (int (*)(visit *, void *))dlsym(RTLD_NEXT,
                                                   "dl_iterate_phdr");
        return real(function, data);
    }
    for (const struct link_map *map = _r_debug.r_map; map && result == 0;
         map = map->l_next) {
        if (describe(map, &info))
            result = function(&info, sizeof info, data);
    }
    return result;
}
