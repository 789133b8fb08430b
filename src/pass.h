/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pass: what the ring and the event log hold goes into the profile file, and
 * what nobody told us of is looked for. Made by the drain's thread a few times a
 * second; where there is no such thread, by whoever asks for a flush.
 *
 * A pass takes events first and samples after, so a sample's module is in the
 * file before it. Blocks of the ring are freed only when what they held is
 * written; a full disk therefore fills the ring, and then samples are dropped
 * and counted.
 *
 * All of these are for one caller at a time: the drain's thread, or with the
 * control lock while there is none.
 */
#ifndef SIGPROF_PASS_H
#define SIGPROF_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "profile-file.h"

enum pass_kind {
    PASS_ON,  /* one of many */
    PASS_LAST /* sampling is over: balance sheet and END besides */
};

/* Begins a session's passes; the file is created by _create. false: no memory. */
bool sigprof__pass_begin(const struct profile_name *name);
void sigprof__pass_end(void);

/* Creates the file, with its header. 0 or an errno value. */
int sigprof__pass_create(void);

/* Returns false when the file could not take all of it. */
bool sigprof__pass(enum pass_kind kind);

/* A pass, and what comes next goes to a new part (parts.h). 0 or SIGPROF_E…. */
int sigprof__pass_rotate(void);

/* The event log is full, and it is a pass that adds to it: writes what is there. */
void sigprof__pass_take_events(void);

/* Samples taken from the ring so far. */
uint64_t sigprof__pass_samples(void);

#endif
