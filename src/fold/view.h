/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is printed. Each view writes to a stream that main.c opened and will
 * check; equal input gives equal bytes.
 */
#ifndef SIGPROF_FOLD_VIEW_H
#define SIGPROF_FOLD_VIEW_H

#include "fold.h"

#include <stdio.h>

/* One line a stack, "frame;frame;frame WEIGHT", sorted bytewise (folded.c). */
void sigprof__view_folded(const struct model *model,
                          const struct fold_tree *tree, FILE *out);

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

/* The balance sheet, and the header and tables (stats.c). */
void sigprof__view_stats(const struct model *model, FILE *out);
void sigprof__view_info(struct model *model, FILE *out);

#endif
