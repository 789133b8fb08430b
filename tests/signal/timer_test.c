/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that arms ITIMER_PROF for itself gets its ticks, also while that timer
 * is the library's clock, which gives way.
 * usage: timer_test PRELOAD WORKLOAD...: for each time_t that programs are built for
 */
#include <sys/wait.h>

#include "support/profile.h"
#include "support/run.h"
#include "test.h"

static void gets_its_ticks(const char *preload, char *workload)
{
    char *argv[] = {workload, "timer", NULL};
    char load[600], out[600];
    const char *const environment[] = {load, out, "SIGPROF_HZ=99",
                                       "SIGPROF_CLOCK=itimer", NULL};
    struct run run = {.argv = argv,
                      .environment = environment,
                      .limit_seconds = 60};
    struct profile profile;
    const char *note;

    snprintf(load, sizeof load, "LD_PRELOAD=%s", preload);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s", run_path("timer.sigprof"));
    run_program(&run);
    CHECK(WIFEXITED(run.status));
    CHECK_EQ(WEXITSTATUS(run.status), 3);
    CHECK_STR(run.out, "20 ticks\n");
    CHECK_STR(run.err, "");
    CHECK_EQ(profile_read(&profile, run_path("timer.sigprof")), 0);
    note = profile_info(&profile, "clock_note");
    CHECK(note != NULL);
    CHECK_HAS(note, "the program armed ITIMER_PROF for itself");
    profile_free(&profile);
    run_free(&run);
}

int main(int argc, char **argv)
{
    CHECK(argc > 2);
    for (int i = 2; i < argc; i++)
        gets_its_ticks(argv[1], argv[i]);
    return 0;
}
