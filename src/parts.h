/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a recording. Most have one; with SIGPROF_ROTATE or by
 * sigprof_rotate a recording goes on in another, and each is a profile of its own:
 * a header, what holds of modules, threads and labels, samples, a balance sheet,
 * an END. Times count from the start of the recording in all of them; a sheet
 * holds what has happened since the sheet of the part before, so sheets add up.
 *
 * The order of a turn from one part to the next, which a kill may cut anywhere:
 *
 *      sheet into the old part; new file, header, catalogue, marks; the ring says
 *      "part n + 1"; END into the old part
 *
 * Until the ring says so, what is in the ring is the old part's, after it the new
 * one's; a part that is not the ring's needs no END to be whole. A new file that
 * cannot be had costs nothing but a count: the old part goes on.
 *
 * Ordinary code, for whoever makes the passes (pass.h).
 */
#ifndef SIGPROF_PARTS_H
#define SIGPROF_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "encode.h"
#include "profile-file.h"

/* A session begins; nothing is created. */
void sigprof__parts_begin(const struct profile_name *name);
void sigprof__parts_end(void);

/* Creates the first part, with its header. 0 or an errno value. */
int sigprof__parts_first(struct encoder *encoder);

/* The encoder's sink. */
bool sigprof__parts_sink(void *arg, uint8_t *bytes, size_t size);

/* Records of the event log went into the present part. What ended before
 * ended_before_ns has no more samples in the ring. */
void sigprof__parts_told(const uint8_t *records, size_t size,
                         uint64_t ended_before_ns);

/* Is it time for the next part, by its size, or by its age? */
bool sigprof__parts_is_full(void);
bool sigprof__parts_is_old(const struct encoder *encoder);

/* Turns to the next part; ended_before_ns as above. Returns 0 or a SIGPROF_E…
 * code; then the old part goes on. */
int sigprof__parts_turn(struct encoder *encoder, uint64_t ended_before_ns);

/* The balance sheet so far; the END of the recording. false: stuck. */
bool sigprof__parts_put_sheet(struct encoder *encoder);
bool sigprof__parts_put_end(struct encoder *encoder);

/* Turns that failed. Thread-safe. */
uint64_t sigprof__parts_failed(void);

/* The present part's file, for those who open and close it. */
struct profile_file *sigprof__parts_file(void);

#endif
