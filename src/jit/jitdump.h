/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file jit-PID.dump, version 1: binary records with times, of code that
 * comes and code that moves, with its lines and its unwind tables. See told.h.
 *
 *      header   "JiTD" as a number, version, its bytes, ELF machine, padding,
 *               pid; time, flags
 *      record   kind, bytes of it all, time; its body
 *
 * Numbers are in the byte order of who wrote, which the magic tells. Code bytes are
 * skipped. Unwind tables are an .eh_frame, as it would lie behind the code at the next
 * multiple of eight, and its .eh_frame_hdr.
 */
#ifndef SIGPROF_JIT_JITDUMP_H
#define SIGPROF_JIT_JITDUMP_H

#include "jit/told.h"

#include <sigprof/jit.h>

#define JITDUMP_LINES 2000u
#define JITDUMP_TABLES (16u << 10) /* of one function; larger ones are left out */

enum jitdump_state {
    JITDUMP_NEW,    /* the header has not been read */
    JITDUMP_OPEN,
    JITDUMP_CLOSED, /* the machine said that no more comes */
    JITDUMP_BROKEN  /* what is behind `at` cannot be told apart */
};

struct jitdump {
    uint64_t at;  /* bytes of the file told so far */
    uint64_t bad; /* records whose body makes no sense */
    enum jitdump_state state;
    uint32_t pid; /* by the header, in the machine's own namespace */
    bool swapped;
    bool has_times; /* of the monotonic clock; else all are 0 */
    bool of_v8;
    /* DEBUG_INFO, for the code that comes next */
    uint64_t lines_of; /* address; 0: there is none */
    uint32_t line_count;
    size_t file_bytes;
    size_t tables_bytes; /* UNWINDING_INFO, for the code that comes next */
    char file[TOLD_TEXT_MAX + 1];
    struct sigprof_code_line lines[JITDUMP_LINES];
    uint8_t tables[JITDUMP_TABLES];
    char name[TOLD_TEXT_MAX + 1];
};

void sigprof__jitdump_begin(struct jitdump *dump);

/* Reads the header. false: it is not whole yet, or not one. */
bool sigprof__jitdump_open(struct jitdump *dump, const struct told_file *file);

/* The header too, if it has not been read. false: there is no whole record more. */
bool sigprof__jitdump_next(struct jitdump *dump, const struct told_file *file,
                           struct told *told);

#endif
