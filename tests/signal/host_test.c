/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errno, signal mask, floating-point state, environment, descriptors and the
 * number of interrupted calls are what they are without us.
 * usage: host_test PRELOAD WORKLOAD
 */
#include <sys/wait.h>

#include "support/profile.h"
#include "support/run.h"
#include "test.h"

#define TICKS_WANTED 200

static void run_workload(struct run *run, const char *workload,
                         const char *seconds, const char *const *environment)
{
    char *argv[] = {(char *)(size_t)workload, (char *)(size_t)seconds, NULL};

    *run = (struct run){.argv = argv, .environment = environment};
    run_program(run);
    if (!WIFEXITED(run->status) || WEXITSTATUS(run->status) != 0)
        FAIL("status %#x: %s", (unsigned)run->status, run->err);
}

/*
 * ITIMER_PROF's signal is the process's: where the thread that took the tick is in
 * the handler already, the kernel gives it to another, which may be waiting. So
 * under that fallback clock a few calls can be interrupted: said, not compared.
 */
static void note_interrupted(char *out)
{
    char *count = strstr(out, "interrupted ");
    char *end = count ? strchr(count, '\n') : NULL;

    if (!end)
        return;
    printf("   calls %.*s\n", (int)(end - count), count);
    memmove(count, end, strlen(end) + 1);
}

int main(int argc, char **argv)
{
    static const char *const clocks[] = {"thread", "itimer"};
    static const char *const rates[] = {"10000", "1000"};
    struct run plain, ours;
    char preload[600], out[600], hz[32], clock[40];

    CHECK_EQ(argc, 3);
    run_workload(&plain, argv[2], "0.05", NULL);
    CHECK_HAS(plain.out, "errno changed 0 times");
    CHECK_HAS(plain.out, "calls interrupted 0 times");
    CHECK_HAS(plain.out, "descriptors: 0 1 2, others seen 0 times");
    for (unsigned i = 0; i < 2; i++) {
        struct profile profile;
        char seconds[16];

        snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
        snprintf(out, sizeof out, "SIGPROF_OUT=%s", run_path("host.sigprof"));
        snprintf(hz, sizeof hz, "SIGPROF_HZ=%s", rates[i]);
        snprintf(clock, sizeof clock, "SIGPROF_CLOCK=%s", clocks[i]);
        const char *const environment[] = {preload, out, hz, clock, NULL};

        /* Runs longer, rather than fails, where ticks are slow to come. */
        for (double length = 1; length < 20; length *= 2) {
            snprintf(seconds, sizeof seconds, "%g", length);
            run_workload(&ours, argv[2], seconds, environment);
            CHECK_EQ(profile_read(&profile, run_path("host.sigprof")), 0);
            if (profile.samples >= TICKS_WANTED)
                break;
            profile_free(&profile);
            run_free(&ours);
        }
        CHECK(ours.out != NULL);
        printf("   %u samples by the %s clock\n", profile.samples, clocks[i]);
        if (strcmp(clocks[i], "itimer") == 0) {
            note_interrupted(ours.out);
            note_interrupted(plain.out);
        }
        CHECK_STR(ours.out, plain.out);
        CHECK_STR(ours.err, "");
        profile_free(&profile);
        run_free(&ours);
    }
    return 0;
}
