/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the page have in common.
 *
 *   html.c       which nodes and rows, and how they are packed
 *   html-head.c  the head: words, threads, places, strings, as JSON
 */
#ifndef SIGPROF_FOLD_HTML_IMPL_H
#define SIGPROF_FOLD_HTML_IMPL_H

#include "bytes.h"
#include "view.h"

/* The place of frames that stand for what was left out is behind the chart's.
 */
#define REST_PLACE(html) ((uint32_t)(html)->chart->place_count)

struct html {
    const struct chart *chart;
    FILE *out;
    struct zip zip;
    struct bytes bytes;
    uint8_t carry[3]; /* of base64: what is not yet three bytes */
    size_t carry_size;
    struct numbering strings, places;
    uint64_t *totals; /* by node of the chart, both sides */
    uint64_t least;   /* nodes below this total are left out */
    uint64_t left_out, left_out_weight;
    uint32_t *first, *children; /* of i: children[first[i]…first[i + 1]) */
    uint32_t *numbers;          /* node of the chart -> of the page */
    uint32_t *rests;   /* … -> its child for what was left out; 0: none */
    size_t node_count; /* of the page */
};

/* The head of a profile of so many rows. Comes behind nodes and rows, which
 * number the places that it lists. */
void sigprof__html_head(struct bytes *json, struct html *html, size_t rows,
                        bool compares);

#endif
