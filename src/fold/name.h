/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From frames to names that may stand in a folded line. Every frame is named
 * once, module by module; afterwards frames carry numbers of strings.
 */
#ifndef SIGPROF_FOLD_NAME_H
#define SIGPROF_FOLD_NAME_H

#include "../sym/sym.h"
#include "model.h"

enum name_by { BY_FUNCTION, BY_LINE, BY_ADDRESS };

struct name_options {
    struct sym_places places;
    enum name_by by;
    bool raw;      /* --demangle none */
    bool merge_tiers; /* --merge-tiers: V8's names without their tier */
    bool modules;  /* --modules: `libfoo.so behind each name */
    bool annotate; /* --annotate: _[k] behind kernel frames, _[i] inlined,
                      _[j] generated, _[g] interpreted */
    /* Called now and then while modules are read, and once when all are, by
     * another thread; may be NULL. */
    void (*progress)(void *arg, size_t done, size_t count);
    void *progress_arg;
    bool no_inlines; /* --no-inlines: inlined functions are their callers */
    bool symbols;    /* places have their symbol; else it is 0 */
    /* A frame may be a leaf and a caller, whatever the counts say: samples are
     * read once more behind this. */
    bool every_use;
};

struct name_report {
    uint64_t mismatched; /* frames whose names were withheld */
    uint64_t mismatched_modules;
    uint64_t unverified; /* frames whose names may be of another build */
};

/* Fills in exact and call of every frame, as far as it is used so, and the
 * places. Says on stderr, once for each module, when names were withheld; `say`
 * may be NULL. */
void sigprof__name_frames(struct model *model,
                          const struct name_options *options,
                          void (*say)(const char *format, ...),
                          struct name_report *report);

/* Length of the UTF-8 sequence at `at`, 0 if it is none that XML can carry. */
size_t sigprof__name_utf8(const uint8_t *at, size_t size);

/* Makes bytes safe to be a frame of a folded line (see sigprof-fold(1), NAMES).
 * out has room for 3 * size + 16 bytes; returns the length. */
size_t sigprof__name_sanitize(struct text in, char *out);

/* The same, interned. */
uint32_t sigprof__name_safe(struct strings *strings, struct text text);

/* The text for people, interned: it is no frame, so only what cannot be shown is
 * changed. */
uint32_t sigprof__name_readable(struct strings *strings, struct text text);

/* The last part of a path without " (deleted)". */
struct text sigprof__name_base(struct text path);

#endif
