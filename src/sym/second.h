/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second reader of DWARF: what ours declines is asked of libdwarf. Theory:
 * libdwarf.c; no-libdwarf.c is in builds without it.
 */
#ifndef SIGPROF_SYM_SECOND_H
#define SIGPROF_SYM_SECOND_H

#include "../fold/store.h"
#include "sym.h"

/* False: this build has no second reader. */
bool sigprof__second_available(void);

/*
 * Fills the answers (zeroed) of the addresses, which ascend, from the image's
 * file. What it cannot answer stays as it is. Thread-safe; one at a time.
 */
void sigprof__second_answer(const struct sym_image *image,
                            const uint64_t *addresses, size_t count,
                            struct sym_answer *answers,
                            struct sym_names *names);

/* ---- What libdwarf-read.c tells libdwarf.c ------------------------------- */

struct second_place {
    uint32_t name, file, line; /* numbers of strings; 0: none */
};

/* The places of an address, outermost first. */
struct second_answer {
    uint64_t start; /* of the function */
    uint32_t address, first_place, place_count;
    uint32_t reserved;
};

struct second_result {
    struct strings strings;
    struct second_place *places;
    size_t place_count, place_capacity;
    struct second_answer *answers;
    size_t answer_count, answer_capacity;
};

/* In a process that ends soon: what libdwarf takes is not all given back. */
void sigprof__libdwarf_read(int descriptor, const uint64_t *addresses,
                            size_t count, struct second_result *result);

/* ---- What both readers do alike ------------------------------------------ */

/* A path of up to three parts; what is absolute needs nothing in front of it.
 * NULL parts are left out. NULL: no memory. */
char *sigprof__dw_join(const char *first, const char *second, const char *third,
                       struct sym_names *names);
/* Do functions of the language lie in namespaces, classes and the like? */
bool sigprof__dw_has_scopes(uint64_t language);
/* What stands between two names of the language. */
const char *sigprof__dw_between(uint64_t language);

#endif
