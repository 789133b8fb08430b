/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of naming have in common (name.h).
 *
 *   name.c         all frames: sorted by module; and those that need no file
 *   name-module.c  one module's: what is asked, and places from the answers
 *   name-jobs.c    the modules side by side
 *   name-safe.c    what may stand in a folded line
 */
#ifndef SIGPROF_FOLD_NAME_IMPL_H
#define SIGPROF_FOLD_NAME_IMPL_H

#include "name.h"

/* Where a system's library calls a handler later than the signal came. */
#define NAME_DEFERRED "[deferred signal]"

/* What is asked: the key is an address, the value says of which frame and use
 * (enum model_use) the answer is, and whether the frame has another before. */
static inline struct sort_item lookup_make(uint64_t address, size_t frame,
                                           unsigned use, bool again)
{
    return (struct sort_item){address,
                              (uint64_t)frame << 3 | (again ? 4u : 0) | use};
}

static inline uint32_t lookup_frame(const struct sort_item *lookup)
{
    return (uint32_t)(lookup->value >> 3);
}

static inline unsigned lookup_use(const struct sort_item *lookup)
{
    return lookup->value & 3;
}

static inline bool lookup_is_again(const struct sort_item *lookup)
{
    return lookup->value & 4;
}

/* A function of the module, by the address of its name. */
struct known {
    const char *raw;
    uint32_t symbol, function; /* strings */
    uint32_t shown[2];         /* … with its marks; [1]: inlined */
};

struct naming {
    struct model *model;
    const struct name_options *options;
    void (*say)(const char *format, ...);
    struct name_report *report;
    char *shown;      /* SYM_NAME_MAX of a demangled name */
    char *whole;      /* what is interned, and room to sanitize it */
    struct text base; /* of the module's path; size 0: no module */
    struct known *known;
    size_t known_count, known_capacity;
    struct index known_index;
};

/* The frames of one module, and what the symbol reader is asked of them. */
struct name_job {
    const struct sort_item *lookups;
    size_t count, frame_count;
    char *path; /* " (deleted)" taken off */
    struct sym_module module;
    uint64_t *addresses;
    struct sym_answer *answers;
    struct sym_names names;
    struct sym_report report;
};

/* Fills in the rest of a job that has its lookups and room for answers. */
void sigprof__name_job(const struct model *model, struct name_job *job);

/* Answers all jobs, as many at once as there are processors. */
void sigprof__name_resolve(const struct name_options *options,
                           struct name_job *jobs, size_t count);

/* From the answers of a job to the places of its frames. Frees what it holds. */
void sigprof__name_module(struct naming *naming, struct name_job *job);

/* The string to show: with the module behind it and the mark, if asked for. */
uint32_t sigprof__name_finish(struct naming *naming, struct text name,
                              const char *mark);
/* The same, with a tail to the name. */
uint32_t sigprof__name_marked(struct naming *naming, struct text name,
                              const char *tail, const char *mark);

uint32_t sigprof__name_push_place(struct model *model,
                                  const struct model_place *place);
/* A place that has a name only. */
struct model_places sigprof__name_one_place(struct model *model, uint32_t name);

/* Does the text stay as it is in a folded line? */
bool sigprof__name_is_safe(struct text text);
/* The path without " (deleted)". */
struct text sigprof__name_path(struct text path);

#endif
