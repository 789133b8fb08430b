/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that sets its own action for SIGPROF, by whichever call, is told what it
 * would be told without us; and the kernel has our handler all the while.
 * usage: actions_test PRELOAD WORKLOAD
 */
#include "support/run.h"
#include "test.h"

static void run_workload(struct run *run, const char *workload,
                         const char *const *environment)
{
    char *argv[] = {(char *)(size_t)workload, NULL};

    *run = (struct run){.argv = argv, .environment = environment};
    run_program(run);
    if (!WIFEXITED(run->status) || WEXITSTATUS(run->status) != 0)
        FAIL("status %#x: %s", (unsigned)run->status, run->err);
}

/* Every line of what the kernel has. */
static void check_all_ours(char *text)
{
    unsigned lines = 0;

    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const char *has = strchr(line, ':');

        CHECK(has != NULL);
        if (strcmp(has, ": handled restarts") != 0)
            FAIL("%s", line);
        lines++;
    }
    CHECK(lines > 20);
}

int main(int argc, char **argv)
{
    char preload[600], out[600];
    struct run plain, ours;

    CHECK_EQ(argc, 3);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s", run_path("actions.sigprof"));
    const char *const environment[] = {preload, out, "SIGPROF_HZ=99", NULL};

    run_workload(&plain, argv[2], NULL);
    CHECK_HAS(plain.err, "sigignore: ignored");
    CHECK_HAS(plain.err, "siginterrupt(1): handled\n");
    run_workload(&ours, argv[2], environment);
    printf("%s", plain.out);
    CHECK_STR(ours.out, plain.out);
    check_all_ours(ours.err);
    run_free(&plain);
    run_free(&ours);
    return 0;
}
