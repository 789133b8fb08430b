/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's own functions, behind our interposed ones. */
#ifndef SIGPROF_PRELOAD_REAL_H
#define SIGPROF_PRELOAD_REAL_H

/* Exported: the rest of this object is hidden by its map. */
#define INTERPOSED __attribute__((visibility("default")))

/* Signal-safe after load. The next definition of name, found once. */
void *sigprof__real(void **cache, const char *name);

/* A call through to the real function, with its own type. */
#define REAL(function)                                                         \
    (__extension__({                                                           \
        static void *cache;                                                    \
        (__typeof__(&function))sigprof__real(&cache, #function);               \
    }))

#endif
