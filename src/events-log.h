/* SPDX-License-Identifier: BSD-2-Clause */
/* The event log's lock, for fork and stop. */
#ifndef SIGPROF_EVENTS_LOG_H
#define SIGPROF_EVENTS_LOG_H

void sigprof__events_lock(void);
void sigprof__events_unlock(void);

#endif
