/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was asked for: by the environment, read once at load, or by options of
 * sigprof_start. Names, meanings and defaults are those of the manual,
 * libsigprof(7). Ordinary code.
 */
#ifndef SIGPROF_CONFIG_H
#define SIGPROF_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "config-modes.h"

struct sigprof_options;

struct sigprof__config {
    unsigned hz;
    unsigned clock;  /* enum sigprof_clock */
    unsigned unwind; /* enum sigprof_unwind */
    unsigned depth;
    unsigned follow; /* enum sigprof_follow */
    unsigned mode;   /* enum sigprof_mode */
    size_t ring_bytes;
    int toggle; /* a signal; 0: none */
    struct sigprof__rotate rotate;
    bool paused;
    bool verbose;
    bool host_handles;
    char out[3072]; /* pattern; "" is the default */
};

void sigprof__config_defaults(struct sigprof__config *config);

/* 1: SIGPROF_HZ is there and all is well; 0: it is not there; -1: a value is
 * bad, and message (one line, no newline) says which and what is accepted. */
int sigprof__config_from_environment(struct sigprof__config *config,
                                     char *message, size_t size);

/* The variables by name, from 0 on; NULL behind the last. */
const char *sigprof__config_name(unsigned index);

/* 0 or SIGPROF_EINVAL. */
int sigprof__config_from_options(struct sigprof__config *config,
                                 const struct sigprof_options *options);

/* The words of the environment for enum values; for the file's header. */
const char *sigprof__clock_word(unsigned clock);
const char *sigprof__unwind_word(unsigned unwind);
const char *sigprof__follow_word(unsigned follow);
const char *sigprof__mode_word(unsigned mode);

#endif
