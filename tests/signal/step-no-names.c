/* SPDX-License-Identifier: BSD-2-Clause */
/* step-names.h where there is no libelf: names are addr2line's to say. */
#include "step-names.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

struct step_place step_place(uintptr_t pc)
{
    struct step_place place = {"", pc};
    struct dl_find_object found;

    if (_dl_find_object((void *)pc, &found) != 0)
        return place;
    place.address = pc - found.dlfo_link_map->l_addr;
    strncpy(place.path,
            found.dlfo_link_map->l_name[0] ? found.dlfo_link_map->l_name
                                           : "/proc/self/exe",
            sizeof place.path - 1);
    return place;
}

void step_name(const struct step_place *place, char *out, size_t size)
{
    const char *file = strrchr(place->path, '/');

    snprintf(out, size, "%s %#lx", file ? file + 1 : place->path,
             (unsigned long)place->address);
}
