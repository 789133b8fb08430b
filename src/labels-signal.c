/* SPDX-License-Identifier: BSD-2-Clause */
/* The label of each thread: one word, stored by the thread, read by its own
 * handler. */
#include "labels.h"

#include "sigprof/sigprof.h"

__thread uint32_t sigprof__label __attribute__((tls_model("initial-exec")));

uint32_t sigprof_label_set(uint32_t id)
{
    uint32_t before = sigprof__label;

    *(volatile uint32_t *)&sigprof__label = id;
    return before;
}
