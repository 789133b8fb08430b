/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tick that is pending at an exec never kills the new program, whichever clock
 * it is from. usage: exec_test PRELOAD WORKLOAD
 */
#include <unistd.h>

#include "support/profile.h"
#include "support/run.h"
#include "test.h"

#define EXECUTIONS "350" /* by each clock */
#define SAMPLES_WANTED 100

static char paths[2000][512];

/* Returns how many samples there are. */
static unsigned loop(const char *preload_path, const char *workload,
                     const char *clock, const char *follow)
{
    char preload[600], out[600], clock_text[40], follow_text[40], rings[8][512];
    const char *const environment[] = {preload,     out,
                                       clock_text,  "SIGPROF_HZ=10000",
                                       follow_text, NULL};
    char *argv[] = {(char *)(size_t)workload, (char *)(size_t)EXECUTIONS, NULL};
    struct run run = {.argv = argv, .environment = environment,
                      .limit_seconds = 600};
    unsigned files, samples = 0;

    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", preload_path);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s/%%p.sigprof", run_folder());
    snprintf(clock_text, sizeof clock_text, "SIGPROF_CLOCK=%s", clock);
    snprintf(follow_text, sizeof follow_text, "SIGPROF_FOLLOW=%s", follow);
    run_program(&run);
    if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0)
        FAIL("%s clock: status %#x; it said: %s", clock, (unsigned)run.status,
             run.err);
    CHECK_STR(run.out, "done\n");
    CHECK_STR(run.err, "");
    files = run_find("", paths, 2000);
    for (unsigned i = 0; i < files; i++) {
        struct profile profile;

        CHECK_EQ(profile_read(&profile, paths[i]), 0);
        CHECK_EQ(profile.ends, 1);
        samples += profile.samples;
        profile_free(&profile);
        unlink(paths[i]);
    }
    printf("   %s clock, follow %s: %u files, %u samples\n", clock, follow,
           files, samples);
    CHECK_EQ(run_rings_of(run.pid, rings, 8), 0);
    run_free(&run);
    return samples;
}

/* How many there are of so many executions is a question of the CPU's speed. */
static void until_sampled(char **argv, const char *clock)
{
    unsigned samples = 0;

    for (unsigned runs = 0; samples <= SAMPLES_WANTED; runs++) {
        CHECK(runs < 20);
        samples += loop(argv[1], argv[2], clock, "all");
    }
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 3);
    until_sampled(argv, "thread");
    until_sampled(argv, "itimer");
    loop(argv[1], argv[2], "itimer", "none");
    until_sampled(argv, "wall");
    return 0;
}
