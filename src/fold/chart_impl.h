/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of a chart have in common.
 *
 *   chart-place.c  places
 *   chart.c        nodes, threads and rows
 */
#ifndef SIGPROF_FOLD_CHART_IMPL_H
#define SIGPROF_FOLD_CHART_IMPL_H

#include "chart.h"

/* The place of a frame, made once; root: --root has put it there. */
uint32_t sigprof__chart_place(struct chart *chart,
                              const struct fold_frame *frame, bool root);

#endif
