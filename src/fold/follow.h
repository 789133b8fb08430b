/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --follow: functions by weight, of a profile that is still being written.
 *
 * What the drain has written since the last look is read from the file and added
 * to one model; the process is not stopped, and not even asked. That it has ended
 * is seen from its ring, and then the ring's tail belongs to the last table. Files
 * and rings are only read.
 */
#ifndef SIGPROF_FOLD_FOLLOW_H
#define SIGPROF_FOLD_FOLLOW_H

#include "fold.h"
#include "name.h"

struct follow_options {
    const char *target; /* a profile's name, or a process id */
    double interval_s;
    struct name_options names;
    struct fold_options fold;
    struct model_options model;
};

/* Follows until the process ends or the user has seen enough. Returns 0; 1, when
 * there is nothing to be read or the output cannot be written. */
int sigprof__follow(const struct follow_options *options);

#endif
