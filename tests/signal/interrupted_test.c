/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a SIGPROF of the program's own ends its read with EINTR: as without us, except
 * that a handler without SA_RESTART is not enough; the program has to ask for it by
 * siginterrupt.
 * usage: interrupted_test PRELOAD WORKLOAD
 */
#include "support/run.h"
#include "test.h"

static void run_workload(char *workload, const char *const *environment,
                         const char *expected)
{
    char *argv[] = {workload, NULL};
    struct run run = {.argv = argv, .environment = environment};

    run_program(&run);
    if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0)
        FAIL("status %#x: %s", (unsigned)run.status, run.err);
    CHECK_STR(run.out, expected);
    run_free(&run);
}

#define RESULTS(without)                                                       \
    "with SA_RESTART: went on\n"                                               \
    "without SA_RESTART: " without "\n"                                        \
    "siginterrupt(1): interrupted\n"                                           \
    "siginterrupt(1), then with SA_RESTART: went on\n"                         \
    "siginterrupt(1), then without SA_RESTART: interrupted\n"                  \
    "siginterrupt(0): went on\n"

int main(int argc, char **argv)
{
    char preload[600], out[600];

    CHECK_EQ(argc, 3);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s", run_path("interrupted.sigprof"));
    const char *const environment[] = {preload, out, "SIGPROF_HZ=99",
                                       "SIGPROF_FOLLOW=none", NULL};

    run_workload(argv[2], NULL, RESULTS("interrupted"));
    run_workload(argv[2], environment, RESULTS("went on"));
    return 0;
}
