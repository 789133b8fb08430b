/* SPDX-License-Identifier: BSD-2-Clause */
#include "step-names.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "sym/sym.h"

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
    struct sym_places places = {0};
    struct sym_module module = {.path = place->path};
    struct sym_answer answer = {0};
    struct sym_names names = {0};
    struct sym_report report;
    uint64_t address = place->address;
    const char *file = strrchr(place->path, '/');

    if (place->path[0] == '/')
        sigprof__sym_resolve(&places, &module, &address, 1, &answer, &names,
                             &report);
    if (answer.name)
        snprintf(out, size, "%s %s+%#lx", file + 1, answer.name,
                 (unsigned long)(address - answer.start));
    else
        snprintf(out, size, "%s %#lx", file ? file + 1 : place->path,
                 (unsigned long)address);
    sigprof__sym_names_free(&names);
}
