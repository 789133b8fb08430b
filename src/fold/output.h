/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the result goes: standard output, or a file that appears under its name
 * only when it is whole.
 */
#ifndef SIGPROF_FOLD_OUTPUT_H
#define SIGPROF_FOLD_OUTPUT_H

#include <stdio.h>

struct output {
    FILE *stream;
    char *target;    /* what is replaced; NULL: written directly */
    char *temporary; /* beside it */
};

/* path NULL: standard output. Both return 0 or an errno value. */
int sigprof__output_open(struct output *output, const char *path);
int sigprof__output_close(struct output *output);

#endif
