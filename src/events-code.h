/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated code in the event log: for jit/ alone, with the log's lock (events-log.h),
 * which is code's too. None of these waits, so what finds no room is to be told later
 * (jit/untold.h).
 */
#ifndef SIGPROF_EVENTS_CODE_H
#define SIGPROF_EVENTS_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_fate {
    EVENT_PUT,
    EVENT_NO_ROOM,
    EVENT_NOBODY /* sampling is off */
};

/* Times are the monotonic clock's. tail: name, file, line, lines as the record has
 * them. */
struct event_code {
    uint64_t serial, start, bytes, time_ns;
    const uint8_t *tail;
    size_t tail_bytes;
};

enum event_fate sigprof__event_code(const struct event_code *code);
enum event_fate sigprof__event_code_move(uint64_t serial, uint64_t start,
                                         uint64_t time_ns);
enum event_fate sigprof__event_code_free(uint64_t serial, uint64_t time_ns);

/* Is there no log? */
bool sigprof__event_nobody(void);

/* So many more changes are in no file and no log, or so many less after all. */
void sigprof__event_lost(int64_t count);

#endif
