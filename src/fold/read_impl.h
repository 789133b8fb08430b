/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the reader have in common.
 *
 *   read.c          files and blocks
 *   read-records.c  records
 */
#ifndef SIGPROF_FOLD_READ_IMPL_H
#define SIGPROF_FOLD_READ_IMPL_H

#include "read.h"

/* Tells the sink what a record says. in: its body, of which `bad` is set where that ends
 * too early, or has a number that was never given out. */
void sigprof__read_record(struct reader *reader, unsigned type,
                          struct format_in *in);

#endif
