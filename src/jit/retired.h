/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of generated code's that a handler may still be reading. With the event
 * log's lock, if not said otherwise. */
#ifndef SIGPROF_JIT_RETIRED_H
#define SIGPROF_JIT_RETIRED_H

#include <stdbool.h>

struct code_region;
struct code_table;

/* No new handler finds it. */
void sigprof__retire(struct code_region *region);
void sigprof__retire_table(struct code_table *table); /* or NULL */

/* Is there so much that it should not wait for the drain? Without one (a flight
 * recorder, or sampling is off) nobody else comes. Says so once. */
bool sigprof__retired_is_much(void);

/* Without the lock. Gives it back, if handlers are out of it soon. */
void sigprof__retired_free(void);

#endif
