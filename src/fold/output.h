/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the result goes: standard output, or a file that appears under its name
 * only when it is whole.
 */
#ifndef SIGPROF_FOLD_OUTPUT_H
#define SIGPROF_FOLD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output {
    FILE *stream;
    char *target;    /* what is replaced; NULL: written directly */
    char *temporary; /* beside it */
    bool replaces;   /* the target has content */
};

/* path NULL: standard output. Both return 0 or an errno value. */
int sigprof__output_open(struct output *output, const char *path);
int sigprof__output_close(struct output *output);

/* In place of the latter, for a result that nothing is in: true if there was a
 * file, which is as it was now; false: nothing was done. */
bool sigprof__output_leave(struct output *output);

#endif
