/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is printed. Each view writes to a stream that output.c opened and will
 * check; equal input gives equal bytes.
 */
#ifndef SIGPROF_FOLD_VIEW_H
#define SIGPROF_FOLD_VIEW_H

#include "chart.h"
#include "load.h"
#include "name.h"

#include <stdio.h>

struct view;

/* By the word of --format, or NULL. */
const struct view *sigprof__view_named(const char *name);
/* By the name of the output: folded for one without a suffix, and .txt. NULL: it
 * has another suffix, of what is not made here. */
const struct view *sigprof__view_for_file(const char *path);
/* The word of --format. */
const char *sigprof__view_name(const struct view *view);
/* Can it compare profiles (--diff)? */
bool sigprof__view_compares(const struct view *view);
/* Does it show processes without --root? */
bool sigprof__view_has_processes(const struct view *view);
/* Sets what the model has to keep apart for it. */
void sigprof__view_ask(const struct view *view, struct model_options *options);

struct view_job {
    const struct view *view;
    struct load *load; /* has been read into the model */
    struct model *model;
    const struct name_options *names;
    const struct fold_options *fold;
};

/* Names the frames and writes; returns the periods that passed the filters. */
uint64_t sigprof__view_write(const struct view_job *job, FILE *out);

/* ---- One file each ------------------------------------------------------- */

/* One line a stack, "frame;frame;frame WEIGHT", sorted bytewise; to compare,
 * the base's weight stands before the new one (folded.c). */
void sigprof__view_folded(const struct model *model,
                          const struct fold_tree *tree, bool weigh_ns,
                          FILE *out);

/* Functions by their own weight, with what was called from them (top.c). */
void sigprof__view_top(const struct model *model, const struct fold_tree *tree,
                       bool weigh_ns, FILE *out);

/* One line a sample, for model->visit (raw.c). */
struct view_raw {
    struct model *model;
    const struct fold_options *options;
    FILE *out;
    uint64_t lines;
    struct fold_frame *frames; /* of one sample; freed by the caller */
    size_t room;
};
void sigprof__view_raw(void *view_raw, const struct read_sample *sample,
                       uint32_t context, uint32_t node);

/* Other tools' formats, and the page; the head of each file says what they want
 * of a chart. */
void sigprof__view_pprof(const struct chart *chart, FILE *out);
void sigprof__view_speedscope(const struct chart *chart, FILE *out);
void sigprof__view_firefox(const struct chart *chart, FILE *out);
void sigprof__view_html(const struct chart *chart, FILE *out);

/* The balance sheet, and the header and tables (stats.c). */
void sigprof__view_stats(const struct model *model, FILE *out);
void sigprof__view_info(struct model *model, FILE *out);

#endif
