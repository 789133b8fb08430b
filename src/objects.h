/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader's list, and what an object says of itself in memory: objects-elf.c,
 * objects-macho.c. All of it runs in ordinary code. Nothing outside an object's own
 * segments is read, whatever its tables claim.
 */
#ifndef SIGPROF_OBJECTS_H
#define SIGPROF_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBJECT_BUILD_ID_MAX 64 /* SHA-1 has 20, SHA-512 would have 64 */

struct object {
    uintptr_t bias;
    uintptr_t id; /* where the loader has its segments: another object's is elsewhere */
    const void *parts; /* these, as the format has them: elf.h, macho.h */
    unsigned part_count;
    const char *name;  /* the loader's */
    bool main;         /* the program: the first in the list */
    uintptr_t low;     /* the executable segments, from the first ... */
    uintptr_t high;    /* ... to the last; equal if there is none */
    size_t build_id_bytes;
    uint8_t build_id[OBJECT_BUILD_ID_MAX];
};

/* Objects that have come and gone since the process began; false: the loader does
 * not count them. */
struct object_changes {
    bool counted;
    uint64_t adds, subs;
};

/* Calls visit for each object, until it returns something else than 0, and returns
 * that. What object shows of stays, or is read where it may go (os_loaded). Below 0: one
 * has gone meanwhile, and not all were visited. modules_lock. */
int sigprof__objects_visit(int (*visit)(const struct object *object,
                                        const struct object_changes *changes,
                                        void *arg),
                           void *arg);

/* The loader that a program asks for, or NULL. */
const char *sigprof__object_interpreter(const struct object *object);

/*
 * Who is needed by whom, to tell what the loader will never unmap: the main
 * program and what it needs, directly or not. Names are compared as hashes; two
 * that collide make an object permanent only if one of them is.
 */
#define NEEDED_MAX 64 /* objects with more are rare; the rest is copied */

struct object_needs {
    uint32_t name; /* hash; 0: none */
    uint32_t count;
    uint32_t needed[NEEDED_MAX]; /* hashes */
    bool never_unloaded;         /* by its own word */
};
void sigprof__object_needs(const struct object *object,
                           struct object_needs *needs);

/* FNV-1a, never 0. */
static inline uint32_t object_hash(const char *name)
{
    uint32_t hash = 2166136261u;

    while (*name)
        hash = (hash ^ (unsigned char)*name++) * 16777619u;
    return hash ? hash : 1;
}

#endif
