/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the event log has said and what of it still holds: modules that are
 * mapped, threads that live, generated code, labels. A new part of a recording begins with it.
 *
 * It is kept as the log's own records, in the log's order, and so is true for a
 * place in the log and not for a moment: whatever comes behind that place goes
 * on from there. What has ended leaves with the next compaction. Ordinary code;
 * one user at a time.
 */
#ifndef SIGPROF_CATALOGUE_H
#define SIGPROF_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalogue {
    uint8_t *bytes; /* whole records */
    size_t size, room;
};

/* Takes whole records of the log. false: no memory, and they are forgotten. */
bool sigprof__catalogue_add(struct catalogue *catalogue, const uint8_t *records,
                            size_t size);

/* Forgets what ended before that time, since the start of the recording. */
void sigprof__catalogue_compact(struct catalogue *catalogue,
                                uint64_t ended_before_ns);

void sigprof__catalogue_drop(struct catalogue *catalogue);

/*
 * The same on records in memory: copies to `to`, which has room for size bytes and
 * may be `records`, those that matter to samples from that time on. Returns their
 * bytes. All of them, if there is no memory.
 */
size_t sigprof__records_still_true(uint8_t *to, const uint8_t *records,
                                   size_t size, uint64_t ended_before_ns);

#endif
