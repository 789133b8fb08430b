/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions of guest programs: (name, file, line) to number, equal ones to the equal
 * number. Without a lock, since a walk of a guest's frames, inside the signal, may
 * meet a function that nobody has told of.
 *
 * An entry is filled in first, and is found when its number is in the hash; of two
 * that were made for the same function at the same time one is found, the other
 * left. Numbers are never taken back. The file is told of a function at once by who
 * interns it in ordinary code, and by the drain where a walk has met it.
 */
#ifndef SIGPROF_JIT_FUNCTIONS_H
#define SIGPROF_JIT_FUNCTIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FUNCTIONS_MAX 131072u /* numbers; of a large program's functions */
#define FUNCTIONS_TEXT (16u << 20)
#define FUNCTIONS_HASH (2 * FUNCTIONS_MAX)
#define FUNCTION_TEXT_MAX 1024u /* of a name or a file */

enum function_state {
    FUNCTION_NONE, /* being made */
    FUNCTION_NEW,  /* found by its number, and not told of */
    FUNCTION_TOLD,
    FUNCTION_LEFT /* another is found in its place */
};

struct function {
    _Atomic uint32_t state; /* enum function_state */
    uint32_t hash;
    uint32_t line;
    uint32_t text; /* where its name lies, and its file behind */
    uint16_t name_bytes, file_bytes;
};

struct functions {
    _Atomic uint32_t count; /* function[1..count] are in use */
    _Atomic uint32_t text_used;
    _Atomic uint32_t hash[FUNCTIONS_HASH]; /* numbers; 0: empty */
    struct function function[FUNCTIONS_MAX];
    char text[FUNCTIONS_TEXT]; /* touched as it fills */
};

/* NULL: nobody runs a guest. */
extern _Atomic(struct functions *) sigprof__functions;

/* Signal-safe. Makes the table, if there is none: a bare mmap. */
bool sigprof__functions_make(void);

/* Signal-safe. The number of a function; 0: no room. file may be NULL. */
uint32_t sigprof__function_number(const char *name, const char *file,
                                  uint32_t line);

/* Thread-safe. Tells the event log of functions that it has not heard of; again:
 * of all, since a new file begins. */
void sigprof__functions_tell(bool again);

#endif
