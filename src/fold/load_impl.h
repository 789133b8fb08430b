/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of input have in common (load.h).
 *
 *   load.c        opens and reads
 *   load-names.c  what the user named: files, and profiles in directories
 *   load-same.c   … what they named twice
 *   load-tail.c   the tail of a killed process
 *   load-say.c    what is said of them
 */
#ifndef SIGPROF_FOLD_LOAD_IMPL_H
#define SIGPROF_FOLD_LOAD_IMPL_H

#include "load.h"

/* The N of x.sigprof.N, and where the rest ends; without one, 1. */
unsigned long sigprof__load_suffix(const char *path, size_t *stem);

/* A descriptor of the file that the input was when it was first opened; returns
 * an errno. */
int sigprof__load_open(const struct load_input *input, int *descriptor);

/* A recording's id in hexadecimal digits. */
bool sigprof__load_id(struct text hex, uint8_t id[FORMAT_ID_BYTES]);

/* Forgets an input. */
void sigprof__load_drop(struct load *load, size_t number);

/* Of inputs that are one file, or copies of it, leaves one on each side of --diff,
 * the longest, and says so. All have been opened. */
void sigprof__load_once(struct load *load);

/* The file has no END: looks for what is behind it, says what that is, and feeds
 * the reader. */
void sigprof__load_behind(struct load_input *input, struct reader *reader,
                          struct model *model);

/* Around the reading of all; arg of the second is the load. */
void sigprof__load_progress_begin(struct load *load);
void sigprof__load_progress(void *arg, size_t done);
void sigprof__load_progress_end(void);

/* What can be wrong with a file that begins as a profile should. true: something was
 * said that makes the whole imperfect. */
bool sigprof__load_say_damage(const char *path, const struct reader *reader);
void sigprof__load_say_rate(const char *path,
                            const struct model_process *process);

#endif
