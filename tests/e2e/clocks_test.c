/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each clock promises: exact rates, no broken calls, weights that hold when
 * signals are lost. usage: clocks_test PRELOAD WORKLOAD
 *
 * Where perf events are refused, `perf` is a timer: its cases are skipped, or fail
 * if SIGPROF_REQUIRE_ALL is set.
 */
#include <math.h>

#include "support/profile.h"
#include "support/run.h"
#include "test.h"

#define OFF_MAX 0.02
#define LONGER_MAX 4 /* times as long, then it has failed */

static char **arguments;

static void run_clock(const char *clock, const char *what, const char *amount,
                      struct profile *profile, struct run *run)
{
    char preload[600], out[600], use[64];
    const char *const environment[] = {preload, out, use, "SIGPROF_HZ=10000",
                                       "SIGPROF_RING=64M", NULL};
    char *command[] = {arguments[2], (char *)(size_t)what,
                       (char *)(size_t)amount, NULL};

    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", arguments[1]);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s", run_path("clock.sigprof"));
    snprintf(use, sizeof use, "SIGPROF_CLOCK=%s", clock);
    *run = (struct run){.argv = command, .environment = environment};
    run_program(run);
    if (!WIFEXITED(run->status) || WEXITSTATUS(run->status) != 0)
        FAIL("status %#x: %s", (unsigned)run->status, run->err);
    CHECK_EQ(profile_read(profile, run_path("clock.sigprof")), 0);
    CHECK_EQ(profile->ends, 1);
    CHECK(profile->periods > 0);
    CHECK(fabs(profile_imbalance(profile)) <= OFF_MAX);
}

static bool has_events(void)
{
    struct profile profile;
    struct run run;
    bool has;

    run_clock("perf", "burn", "0.1", &profile, &run);
    has = strcmp(profile_info(&profile, "clock"), "perf") == 0;
    if (!has)
        printf("   no perf events: %s\n", profile_info(&profile, "clock_note"));
    profile_free(&profile);
    run_free(&run);
    return has;
}

static double part_of_due(const struct profile *profile, double periods)
{
    return periods * atof(profile_info(profile, "period_ns")) /
           (double)profile_sheet(profile, "due_ns");
}

/* Delivered, and what was counted as not delivered. */
static void perf_is_exact_at_10_khz(void)
{
    struct profile profile;
    struct run run;
    double delivered, counted;

    run_clock("perf", "burn", "2", &profile, &run);
    delivered = part_of_due(&profile, (double)profile_sheet(&profile, "taken"));
    counted = part_of_due(
        &profile, (double)(profile_sheet(&profile, "overrun") +
                           profile_sheet(&profile, "dropped_full") +
                           (int64_t)profile.kernel_periods));
    printf("   delivered %.2f %%, counted %.2f %%\n", 100 * delivered,
           100 * counted);
    CHECK(fabs(delivered + counted - 1) <= OFF_MAX);
    CHECK(delivered > 0.2); /* a timer has 2.5 %, or 10 of a kernel's 1,000 Hz */
    profile_free(&profile);
    run_free(&run);
}

static void no_call_is_broken(const char *clock)
{
    struct profile profile;
    struct run run;

    run_clock(clock, "polls", "1500", &profile, &run);
    printf("   %s (%s): %s broken, %u samples\n", clock,
           profile_info(&profile, "clock"), strtok(run.out, "\n"),
           profile.samples);
    CHECK_STR(run.out, "0");
    profile_free(&profile);
    run_free(&run);
}

static void timers_break_no_call(void)
{
    no_call_is_broken("thread");
}

static void auto_breaks_no_call(void)
{
    no_call_is_broken("auto");
}

/* The tail that is lost behind the last look is the same however long it runs. What the
 * library itself used is the program's CPU time too: at 10 kHz the sampler's is a lot. */
static void weights_come_to_the_time_used(const char *clock, const char *what,
                                          int first)
{
    double weight = 0;

    for (int longer = 1; longer <= LONGER_MAX; longer *= 2) {
        struct profile profile;
        struct run run;
        char seconds[16];

        snprintf(seconds, sizeof seconds, "%d", first * longer);
        run_clock(clock, what, seconds, &profile, &run);
        weight = part_of_due(&profile, (double)profile.periods) +
                 (double)profile_sheet(&profile, "own_ns") /
                     (double)profile_sheet(&profile, "due_ns");
        printf("   %s s: weights are %.2f %% of the CPU time\n", seconds,
               100 * weight);
        profile_free(&profile);
        run_free(&run);
        if (fabs(weight - 1) <= OFF_MAX)
            return;
    }
    FAIL("weights are %.2f %% of the CPU time", 100 * weight);
}

static void what_is_lost_is_made_good(void)
{
    weights_come_to_the_time_used("thread", "eaten", 8);
}

static void what_is_polled_is_what_was_used(void)
{
    weights_come_to_the_time_used("polled", "burn", 2);
}

int main(int argc, char **argv)
{
    const char *all = getenv("SIGPROF_REQUIRE_ALL");

    CHECK_EQ(argc, 3);
    arguments = argv;
    RUN(timers_break_no_call);
    RUN(auto_breaks_no_call);
    RUN(what_is_lost_is_made_good);
    RUN(what_is_polled_is_what_was_used);
    if (!has_events())
        return all && strcmp(all, "1") == 0 ? 1 : 77;
    RUN(perf_is_exact_at_10_khz);
    return 0;
}
