/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line, as it was given. */
#ifndef SIGPROF_FOLD_ARGUMENTS_H
#define SIGPROF_FOLD_ARGUMENTS_H

#include "view.h"

enum exit_code {
    EXIT_WRITTEN = 0,
    EXIT_NOTHING = 1, /* or less than was named */
    EXIT_USAGE = 2,
    EXIT_IMPERFECT = 3, /* only with --strict */
    EXIT_NO_SAMPLE = 4
};

#define MAX_ROOTS 16      /* more than there are kinds, with some labels */
#define MAX_DEBUG_DIRS 16 /* a user has one or two */

struct arguments {
    const char *out, *base; /* base: of --diff */
    const char *follow;     /* a profile or a process id; NULL: all there is */
    double interval_s;
    const struct view *view;
    bool info, stats, strict, cpu, format_given;
    bool help, version;
    struct fold_root roots[MAX_ROOTS];
    size_t root_count;
    bool roots_given;
    const char *debug_dirs[MAX_DEBUG_DIRS];
    const char *cache; /* NULL: the default one */
    struct name_options names;
    struct fold_options fold;
    struct model_options model;
    regex_t thread, focus, ignore;
};

/* Reads the options; argv[optind] is the first name behind them. What is not
 * accepted is said, and ends the process; so do --help and --version. */
void sigprof__arguments_parse(struct arguments *arguments, int argc, char **argv);

/* usage.c */
extern const char sigprof__fold_usage[], sigprof__fold_version[];

#endif
