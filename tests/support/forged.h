/* SPDX-License-Identifier: BSD-2-Clause */
/* Running workloads/forge.c, and what its profile must hold. */
#ifndef SIGPROF_TEST_FORGED_H
#define SIGPROF_TEST_FORGED_H

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/profile.h"
#include "support/run.h"
#include "test.h"

struct forged {
    const char *preload, *workload; /* paths */
    const char *threads, *ticks, *end;
    const char *out;        /* SIGPROF_OUT */
    const char *more[4];    /* further variables; NULL-terminated */
    struct run run;
    char text[3][600];
    char *argv[6];
    const char *environment[9];
};

static inline void forged_begin(struct forged *forged)
{
    unsigned count = 3;

    unlink(run_path("counts"));
    snprintf(forged->text[0], 600, "LD_PRELOAD=%s", forged->preload);
    snprintf(forged->text[1], 600, "SIGPROF_OUT=%s", forged->out);
    snprintf(forged->text[2], 600, "%s", run_path("counts"));
    forged->environment[0] = forged->text[0];
    forged->environment[1] = forged->text[1];
    forged->environment[2] = "SIGPROF_HZ=1";
    for (unsigned i = 0; i < 4 && forged->more[i]; i++)
        forged->environment[count++] = forged->more[i];
    forged->environment[count] = NULL;
    forged->argv[0] = (char *)(size_t)forged->workload;
    forged->argv[1] = (char *)(size_t)forged->threads;
    forged->argv[2] = (char *)(size_t)forged->ticks;
    forged->argv[3] = forged->text[2];
    forged->argv[4] = (char *)(size_t)forged->end;
    forged->argv[5] = NULL;
    forged->run = (struct run){.argv = forged->argv,
                               .environment = forged->environment};
    run_begin(&forged->run);
}

static inline void forged_run(struct forged *forged)
{
    forged_begin(forged);
    run_end(&forged->run);
}

/* How many ticks thread `index` had been answered; all of them if below 0. */
static inline uint64_t forged_count(int index)
{
    uint64_t counts[512] = {0}, sum = 0;
    FILE *file = fopen(run_path("counts"), "rb");

    if (!file)
        return 0;
    if (fread(counts, sizeof counts, 1, file) != 1)
        memset(counts, 0, sizeof counts);
    fclose(file);
    for (int i = 0; i < 512; i++)
        sum += index < 0 || index == i ? counts[i] : 0;
    return sum;
}

/* At most so many ticks are the clock's own, at one hertz: one for a second of a thread's
 * CPU time, and each thread's first. */
static inline uint64_t forged_own_ticks(const struct forged *forged)
{
    return (uint64_t)run_cpu_seconds(&forged->run) + 1 +
           2 * strtoull(forged->threads, NULL, 10);
}

static inline int forged_compare(const void *left, const void *right)
{
    const struct profile_sample *l = left, *r = right;

    if (l->tid != r->tid)
        return l->tid < r->tid ? -1 : 1;
    return l->time_ns < r->time_ns ? -1 : l->time_ns > r->time_ns;
}

/* No sample is there twice. Sorts them. */
static inline void forged_check_once(struct profile *profile)
{
    if (profile->samples)
        qsort(profile->sample, profile->samples, sizeof *profile->sample,
              forged_compare);
    for (uint32_t i = 1; i < profile->samples; i++)
        if (forged_compare(&profile->sample[i - 1], &profile->sample[i]) == 0)
            FAIL("a sample of thread %u is there twice",
                 profile->sample[i].tid);
}

#endif
