/* SPDX-License-Identifier: BSD-2-Clause */
/* What library-alone.c has seen. */
#ifndef LIBRARY_ALONE_H
#define LIBRARY_ALONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct library_alone {
    unsigned modules, unloads, synchronized;
    uint32_t last_id, last_flags, last_unload;
    uintptr_t last_low, last_high;
    size_t last_build_id_bytes;
    char last_path[4096];
    bool busy; /* a handler is inside and stays */
};
extern struct library_alone library_alone;

#endif
