/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs of these tests do: behind a system's system.h. */
#ifndef ABI_WORK_H
#define ABI_WORK_H

#include <time.h>

#define NOINLINE __attribute__((noinline))

static volatile uint64_t sink;

/* Until the thread has used so much CPU time; a jump at the end would hide who
 * called. */
static NOINLINE void use_cpu(unsigned ms)
{
    uint64_t until = clock_now(CLOCK_THREAD_CPUTIME_ID) + ms * UINT64_C(1000000);

    while (clock_now(CLOCK_THREAD_CPUTIME_ID) < until)
        for (unsigned i = 0; i < 10000; i++)
            sink = sink * 6364136223846793005u + i;
}

#endif
