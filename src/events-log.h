/* SPDX-License-Identifier: BSD-2-Clause */
/* The event log as its reader and fork see it. */
#ifndef SIGPROF_EVENTS_LOG_H
#define SIGPROF_EVENTS_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "ring.h"

/* Copies size bytes of the log from the count `at` on. */
void sigprof__events_copy(const struct ring *ring, uint64_t at, uint8_t *bytes,
                          size_t size);

void sigprof__events_lock(void);
void sigprof__events_unlock(void);

#endif
