/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What pictures and other tools' formats are made from: the model, with its
 * frames named, as a tree of places and rows of weight. Every output file
 * (pprof.c, speedscope.c, firefox.c, html.c) is a function of a chart.
 *
 *   place    what a frame is: a function, or with `addresses` one address of it
 *   node     (parent node, place); parents come before their children
 *   thread   of a process; number 0 of a process is what belongs to no thread
 *   row      a node's own weight in a thread, with labels; with `timed` at a
 * time
 *
 * What was lost has rows like a sample, so totals are those of folded stacks.
 */
#ifndef SIGPROF_FOLD_CHART_H
#define SIGPROF_FOLD_CHART_H

#include "fold.h"

/* More rows than these (128 MiB) are too many to keep, and to open elsewhere.
 */
#define CHART_MAX_TIMED_ROWS (4u << 20)

/* The page and the formats' categories count on these numbers. */
enum chart_kind {
    KIND_ROOT, /* put before the stack by --root */
    KIND_NATIVE,
    KIND_JIT,
    KIND_INTERPRETER,
    KIND_KERNEL,
    KIND_LOST, /* lost, unknown, cut: what is in brackets */
    KIND_COUNT
};

/* Lower-case words for them. */
extern const char *const sigprof__chart_kinds[KIND_COUNT];

struct chart_place {
    uint32_t name;     /* string: as in a folded line */
    uint32_t symbol;   /* string: as in its file; 0: not known */
    uint32_t file;     /* string: of the source; 0: not known */
    uint32_t line;     /* the least that was sampled; 0: not known */
    uint32_t max_line; /* the greatest; `line` with addresses */
    uint32_t module;   /* of the model, or MODEL_NO_MODULE */
    uint32_t frame;    /* of the model, with addresses; else 0 */
    bool at_call;      /* … the frame's address is a return address */
    bool inlined;      /* into the function of the parent node */
    enum chart_kind kind;
};

struct chart_node {
    uint32_t parent, place;
};

struct chart_thread {
    uint32_t process, thread; /* of the model; thread 0: none */
    uint32_t name;            /* string, safe */
};

struct chart_row {
    uint32_t thread, node, label; /* node 0 has no rows */
    uint64_t time_ns;             /* since the start; 0 if not timed */
    uint64_t periods, cpu_ns;
};

struct chart {
    struct model *model;
    const struct fold_options *options;
    bool addresses, timed;
    struct chart_place *places; /* [0] is none */
    size_t place_count, place_capacity;
    struct chart_node *nodes; /* [0] is above all */
    size_t node_count, node_capacity;
    struct chart_thread *threads;
    size_t thread_count, thread_capacity;
    struct chart_row *rows; /* sorted by thread, time, node, label */
    size_t row_count, row_capacity;
    uint64_t sampled;  /* periods of samples that passed the filters */
    uint64_t hidden;   /* periods lost that a filter left no place for */
    uint64_t too_many; /* samples beyond CHART_MAX_TIMED_ROWS, not in it */
    /* while it is made */
    struct index place_index, node_index, thread_index, leaf_index;
    struct chart_leaf *leaves; /* (context, node) -> node of the chart */
    size_t leaf_count, leaf_capacity;
    struct fold_frame *frames; /* of one stack */
    size_t frame_room;
    uint8_t *flags; /* by node: what --focus and --ignore found on its path */
    size_t flag_room;
};

void sigprof__chart_begin(struct chart *chart, struct model *model,
                          const struct fold_options *options, bool addresses,
                          bool timed);
/* All of the model's counts, without times. */
void sigprof__chart_add_counts(struct chart *chart);
/* One sample, for model->visit with the chart as argument. */
void sigprof__chart_add_sample(void *chart, const struct read_sample *sample,
                               uint32_t context, uint32_t node);
/* Adds what was lost, and sorts. */
void sigprof__chart_end(struct chart *chart);
void sigprof__chart_free(struct chart *chart);

/* The places of a node and all above it, from the root on, into *path, which
 * grows; returns how many. */
size_t sigprof__chart_path(const struct chart *chart, uint32_t node,
                           uint32_t **path, size_t *room);

/* The weight of a row in the unit of --weight: periods, or ns of CPU time. */
static inline uint64_t sigprof__chart_weight(const struct chart *chart,
                                             const struct chart_row *row)
{
    return chart->options->weigh_ns ? row->cpu_ns : row->periods;
}

static inline struct text sigprof__chart_text(const struct chart *chart,
                                              uint32_t string)
{
    return sigprof__model_text(chart->model, string);
}

/* Is the thread of a file that --diff names? */
static inline bool sigprof__chart_is_base(const struct chart *chart,
                                          uint32_t thread)
{
    return chart->model->processes[chart->threads[thread].process].base;
}

struct chart_times {
    uint64_t start_real_ns; /* of the first recording; 0: not known */
    uint64_t duration_ns;   /* from then to the last sample */
    uint64_t period_ns;     /* of the first recording; 0: there is none */
};
struct chart_times sigprof__chart_times(const struct chart *chart);

/* A process's command line, with blanks; the string's number, 0: not known. */
uint32_t sigprof__chart_command(const struct chart *chart, uint32_t process);

/* The last part of the path of a place's module; size 0: it has none. */
struct text sigprof__chart_module(const struct chart *chart,
                                  const struct chart_place *place);

#endif
