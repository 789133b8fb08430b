/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that leaves from a handler which interrupted a registration of code: it
 * does. usage: leaves_test PRELOAD WORKLOAD
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/run.h"
#include "test.h"

#define CHILDREN 25

static char paths[4 * CHILDREN][512];

static void run_it(char *const argv[], const char *preload_path,
                   const char *clock, const char *expected)
{
    char preload[600], out[600], clock_text[40];
    const char *const environment[] = {preload, out, clock_text,
                                       "SIGPROF_HZ=997", NULL};
    struct run run = {.argv = argv, .environment = environment,
                      .limit_seconds = 120};

    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", preload_path);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s/%%p.sigprof", run_folder());
    snprintf(clock_text, sizeof clock_text, "SIGPROF_CLOCK=%s", clock);
    run_program(&run);
    if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0)
        FAIL("%s, %s clock: status %#x; it said: %s%s", argv[1], clock,
             (unsigned)run.status, run.out, run.err);
    CHECK_STR(run.out, expected);
    CHECK_STR(run.err, "");
    run_free(&run);
}

static void leave(const char *preload, const char *workload, const char *how,
                  const char *clock)
{
    char count[16];
    char *argv[] = {(char *)(size_t)workload, (char *)(size_t)how, count, NULL};
    char *after[] = {argv[0], argv[1], (char *)(size_t)"0", NULL};
    unsigned files;

    snprintf(count, sizeof count, "%d", CHILDREN);
    run_it(argv, preload, clock, "done\n");
    run_it(after, preload, clock, "done\n"); /* whoever starts takes what is left */
    files = run_find("", paths, 4 * CHILDREN);
    for (unsigned i = 0; i < files; i++)
        unlink(paths[i]);
    printf("   %s, %s clock: %u files\n", how, clock, files);
    CHECK(files >= CHILDREN / 2);
}

int main(int argc, char **argv)
{
    static const char *const ways[] = {"exit", "_exit", "exec", "failed"};

    CHECK_EQ(argc, 3);
    for (unsigned i = 0; i < 4; i++) {
        leave(argv[1], argv[2], ways[i], "thread");
        leave(argv[1], argv[2], ways[i], "itimer");
    }
    return 0;
}
