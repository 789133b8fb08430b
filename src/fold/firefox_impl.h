/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the Firefox profiler's format have in common.
 *
 *   firefox.c         the head, and threads with their samples
 *   firefox-tables.c  the tables that threads share
 */
#ifndef SIGPROF_FOLD_FIREFOX_IMPL_H
#define SIGPROF_FOLD_FIREFOX_IMPL_H

#include <inttypes.h>

#include "bytes.h"
#include "view.h"

#define FLUSH_BYTES 65536

struct firefox {
    const struct chart *chart;
    FILE *out;
    struct bytes bytes;
    struct numbering strings;
    struct numbering libraries; /* modules */
    uint32_t *functions;        /* by place: its function's number */
    uint32_t *function_place;   /* a place of each function */
    size_t function_count, function_room;
};

static inline void put(struct firefox *firefox, const char *text)
{
    sigprof__bytes_put(&firefox->bytes, text, strlen(text));
}

static inline void put_text(struct firefox *firefox, struct text text)
{
    sigprof__bytes_json(&firefox->bytes, text);
}

/* Between the items of an array. */
static inline void next(struct firefox *firefox, size_t i)
{
    if (i)
        put(firefox, i % 32 ? "," : ",\n");
    if (firefox->bytes.size > FLUSH_BYTES)
        sigprof__bytes_flush(&firefox->bytes, firefox->out);
}

static inline void put_number(struct firefox *firefox, uint64_t value)
{
    sigprof__bytes_format(&firefox->bytes, "%" PRIu64, value);
}

/* A column that is the same in every row. */
static inline void put_same(struct firefox *firefox, const char *name,
                     const char *value, size_t count)
{
    sigprof__bytes_format(&firefox->bytes, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        next(firefox, i);
        put(firefox, value);
    }
    put(firefox, "]");
}

static inline uint32_t string(struct firefox *firefox, uint32_t id)
{
    return sigprof__numbering_of(&firefox->strings, id);
}

static inline uint32_t words(struct firefox *firefox, struct text text)
{
    return string(firefox,
                  sigprof__strings_add(&firefox->chart->model->strings, text));
}

static inline struct text path_of(const struct firefox *firefox, size_t library)
{
    const struct model *model = firefox->chart->model;

    return sigprof__model_text(
        model, model->modules[firefox->libraries.ids[library]].path);
}

static inline struct text base_of(struct text path)
{
    for (size_t i = path.size; i-- > 0;)
        if (path.at[i] == '/')
            return (struct text){path.at + i + 1, path.size - i - 1};
    return path;
}

/* Numbers functions and libraries; before anything is written. */
void sigprof__firefox_number(struct firefox *firefox);

/* Writes the tables. */
void sigprof__firefox_shared(struct firefox *firefox);

#endif
