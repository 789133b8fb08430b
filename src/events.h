/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event log: modules, threads, labels. Written by ordinary code into
 * an area of the ring that samples cannot push out, as records of the profile
 * file (format.h), which the drain copies into it.
 *
 * All of these are Thread-safe and may wait for the drain when the area is
 * full; an event that still finds no room is counted as lost. Without a ring
 * they do nothing.
 */
#ifndef SIGPROF_EVENTS_H
#define SIGPROF_EVENTS_H

#include <stddef.h>
#include <stdint.h>

struct event_module {
    uint32_t id;
    uint32_t flags; /* enum format_module_flag */
    uintptr_t low, high, bias;
    const uint8_t *build_id;
    size_t build_id_bytes;
    const char *path; /* absolute, or "[vdso]" */
};

void sigprof__event_module(const struct event_module *module);
void sigprof__event_unload(uint32_t module_id);
void sigprof__event_thread(int tid, uintptr_t start_routine, const char *name);
void sigprof__event_exit(int tid, uint64_t cpu_ns, uint64_t periods,
                         unsigned cause);
void sigprof__event_label(uint32_t id, uint32_t parent, const char *key,
                          const char *value);
void sigprof__event_exec(const char *path);

/* A function of a guest program (jit/functions.h). */
struct event_function {
    uint32_t number, line;
    const char *name;
    size_t name_bytes;
    const char *file;
    size_t file_bytes;
};
void sigprof__event_function(const struct event_function *function);

void sigprof__event_info(const char *key, const char *value);

#endif
