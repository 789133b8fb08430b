/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of the stepped program, for reports. */
#ifndef STEP_NAMES_H
#define STEP_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct step_place {
    char path[120]; /* of the object; "": none */
    uintptr_t address; /* link address in it */
};

/* Signal-safe: asks _dl_find_object, which takes no lock. */
struct step_place step_place(uintptr_t pc);

/* "libc.so.6 __longjmp+0x1b", by the symbols of the object or its debug file. */
void step_name(const struct step_place *place, char *out, size_t size);

#endif
