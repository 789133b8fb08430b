/* SPDX-License-Identifier: BSD-2-Clause */
/* For fuzzers of names: every string of an answer is read to its end. */
#ifndef SIGPROF_FUZZ_ANSWERS_H
#define SIGPROF_FUZZ_ANSWERS_H

#include <string.h>

#include "sym/sym.h"

static volatile size_t sink;

static void read_answer(const struct sym_answer *answer)
{
    sink += answer->name ? strlen(answer->name) : 0;
    sink += answer->shown ? strlen(answer->shown) : 0;
    for (uint32_t i = 0; i < answer->place_count; i++) {
        const struct sym_place *place = &answer->places[i];

        sink += place->name ? strlen(place->name) : 0;
        sink += place->shown ? strlen(place->shown) : 0;
        sink += place->file ? strlen(place->file) : 0;
    }
}

#endif
