/* SPDX-License-Identifier: BSD-2-Clause */
/* Labels: what the handler copies, and the table's start and fork. */
#ifndef SIGPROF_LABELS_H
#define SIGPROF_LABELS_H

#include <stdbool.h>
#include <stdint.h>

/* The calling thread's label id. initial-exec: a signal may read it. */
extern __thread uint32_t sigprof__label
    __attribute__((tls_model("initial-exec")));

/* Thread-safe. Is there any label that a thread could have set? */
bool sigprof__labels_exist(void);

/* Control. Says every label again to the event log: a new file begins. */
void sigprof__labels_repeat(void);

void sigprof__labels_lock(void);
void sigprof__labels_unlock(void);

#endif
