/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loader will never unmap: the main program, what it needs, directly or
 * not, and what says so of itself. In ordinary code.
 */
#ifndef SIGPROF_PERMANENT_H
#define SIGPROF_PERMANENT_H

#include "objects.h"

struct candidate;

struct permanent {
    struct candidate *candidate; /* NULL: all that is needed is taken to go */
    const char *interpreter; /* never unloaded: musl's is the C library, too */
    uint32_t room;
    uint32_t count;
};

/* Looks at the loader's list; without memory it finds nothing. */
void sigprof__permanent_make(struct permanent *permanent);
void sigprof__permanent_drop(struct permanent *permanent);

/* All zeros: nothing was looked at, and only its own word counts. */
bool sigprof__permanent_has(const struct permanent *permanent,
                            const struct object *object);

#endif
