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
    const char *path; /* NULL: standard output */
    char *temporary;  /* NULL: written directly */
};

/* Both return 0 or an errno value. */
int sigprof__output_open(struct output *output, const char *path);
int sigprof__output_close(struct output *output);

#endif
