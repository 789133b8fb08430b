/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program comes through a storm of ticks, its account is right after it, and its
 * stacks are complete: all of its code has unwind information.
 * usage: storm_test PRELOAD WORKLOAD WHAT
 */
#include "format.h"
#include "support/profile.h"
#include "support/run.h"
#include "test.h"

#ifdef __GLIBC__
#define COMPLETE_MIN 0.99
#else /* musl tells nothing of its loader, where most of them begin */
#define COMPLETE_MIN 0.9
#endif
#define INCOMPLETE_MAX 10 /* beside: where few samples were taken, one is a percent */
#define FILES_MAX 200000 /* a minute of forks; pages come when used */

static char paths[FILES_MAX][512];

static long long samples, dropped, foreign;
static long long ended[FORMAT_END_REASON_MASK + 1];

/* Who tells of an event waits for the drain a while, not for ever: on a machine that
 * has no CPU for the drain some are lost, and counted. */
static void check_events(const struct profile *profile, const char *path)
{
    uint64_t told = (uint64_t)profile->modules + profile->unloads +
                    profile->threads;
    int64_t lost = profile_sheet(profile, "lost_events");

    if (lost < 0 || (uint64_t)lost > told / 100)
        FAIL("%s: %lld events are lost, %llu are there", path, (long long)lost,
             (unsigned long long)told);
}

/* What the file holds is what the sheet says was taken. */
static void check_file(const char *path)
{
    struct profile profile;
    double imbalance;

    CHECK_EQ(profile_read(&profile, path), 0);
    if (profile.damaged)
        FAIL("%s: %zu bytes are damaged", path, profile.damaged);
    if (profile.ends != 1)
        FAIL("%s: it was cut: %u ends, %u samples, %u sheets", path,
             profile.ends, profile.samples, profile.sheets);
    CHECK_EQ(profile.samples, profile_sheet(&profile, "taken"));
    CHECK_EQ(profile.periods, profile_sheet(&profile, "taken") +
                                  profile_sheet(&profile, "overrun"));
    check_events(&profile, path);
    imbalance = profile_imbalance(&profile);
    if (imbalance > 0.02 || imbalance < -0.02)
        FAIL("%s: the sheet is off by %g", path, imbalance);
    for (uint32_t i = 0; i < profile.samples; i++)
        ended[profile.sample[i].end & FORMAT_END_REASON_MASK]++;
    samples += profile.samples;
    dropped += profile_sheet(&profile, "dropped_full");
    foreign += profile_sheet(&profile, "foreign");
    profile_free(&profile);
}

static void check_ends(void)
{
    static const char *const reasons[] = {"complete", "too deep", "no rule",
                                          "bad address", "foreign stack"};
    long long complete = ended[FORMAT_END_COMPLETE];

    printf("   complete stacks: %.3f %%;",
           100 * (double)complete / (double)samples);
    for (int i = 1; i <= FORMAT_END_REASON_MASK; i++) {
        if (ended[i])
            printf(" %lld %s", ended[i], i < 5 ? reasons[i] : "?");
    }
    printf("\n");
    if (complete + INCOMPLETE_MAX < COMPLETE_MIN * (double)samples)
        FAIL("%lld of %lld stacks are complete", complete, samples);
}

int main(int argc, char **argv)
{
    char preload[600], out[600], rings[8][512];
    const char *const environment[] = {preload, out, "SIGPROF_HZ=10000",
                                       "SIGPROF_RING=16M", NULL};
    char *command[] = {argv[2], argv[3],
                       (char *)(size_t)(test_is_long() ? "60" : "5"), NULL};
    struct run run = {.argv = command, .environment = environment,
                      .limit_seconds = 600};
    unsigned files;

    CHECK_EQ(argc, 4);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s/%%p.sigprof", run_folder());
    run_program(&run);
    if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0)
        FAIL("status %#x; it said: %s", (unsigned)run.status, run.err);
    CHECK_STR(run.err, "");
    CHECK_HAS(run.out, "done ");
    printf("   %s", run.out);
    files = run_find("", paths, FILES_MAX);
    CHECK(files > 0);
    for (unsigned i = 0; i < files; i++)
        check_file(paths[i]);
    printf("   %u files: %lld samples, %lld dropped, %lld foreign\n", files,
           samples, dropped, foreign);
    CHECK(samples > 0);
    check_ends();
    CHECK_EQ(run_rings_of(run.pid, rings, 8), 0);
    return 0;
}
