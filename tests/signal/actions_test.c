/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that sets its own action for SIGPROF, by whichever call, is told what it
 * would be told without us; and the kernel has our handler all the while, which restarts
 * system calls unless the program has asked by siginterrupt that its own does not.
 * usage: actions_test PRELOAD WORKLOAD
 */
#include <stdbool.h>

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

/* Every line of what the kernel has; plain: without us. */
static void check_all_ours(char *text, char *plain)
{
    char *at, *plain_at;
    char *own = strtok_r(plain, "\n", &plain_at);
    bool interrupts = false;
    unsigned lines = 0;

    for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
        const char *has = strchr(line, ':'), *has_own;

        CHECK(has != NULL && own != NULL);
        CHECK((has_own = strchr(own, ':')) != NULL);
        if (strstr(line, "siginterrupt(1)") == line)
            interrupts = true;
        if (strstr(line, "siginterrupt(0)") == line)
            interrupts = false;
        if (strcmp(has, interrupts && strcmp(has_own, ": handled") == 0
                            ? ": handled"
                            : ": handled restarts") != 0)
            FAIL("%s", line);
        own = strtok_r(NULL, "\n", &plain_at);
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
    check_all_ours(ours.err, plain.err);
    run_free(&plain);
    run_free(&ours);
    return 0;
}
