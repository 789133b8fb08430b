/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children that register code all the time, and leave it from a handler of a signal
 * that comes at any moment, when they have run for long enough to be sampled. usage: leaves exit|_exit|exec|failed|ends COUNT
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sigprof/jit.h"

#define STATUS 7
#define RUN_MS 10 /* a timer on CPU time may come as late as the kernel's tick */

static const char *self, *how;
static volatile sig_atomic_t failures;

static void leave(int number)
{
    (void)number;
    if (clock() < RUN_MS * (CLOCKS_PER_SEC / 1000))
        return;
    if (strcmp(how, "exit") == 0)
        exit(STATUS);
    if (strcmp(how, "exec") == 0)
        execl(self, self, "ends", "0", (char *)NULL);
    if (strcmp(how, "failed") == 0 && failures++ < 5) {
        execl("/nowhere/program", "program", (char *)NULL);
        return;
    }
    _exit(STATUS);
}

static void register_for_ever(unsigned after_us)
{
    struct itimerval when = {{0, 500}, {0, (suseconds_t)after_us}};
    struct sigprof_code code = {.size = sizeof code, .bytes = 100, .name = "code"};
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = leave;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &when, NULL);
    for (uintptr_t i = 0;; i++) {
        code.start = (const void *)(((uintptr_t)1 << 30) + i % 1000 * 128);
        sigprof_code_register(&code);
    }
}

int main(int argc, char **argv)
{
    int count, status;

    if (argc != 3 || !SIGPROF_JIT_PRESENT)
        return 2;
    self = argv[0];
    how = argv[1];
    if (strcmp(how, "ends") == 0)
        return STATUS;
    count = atoi(argv[2]);
    for (int i = 0; i < count; i++) {
        pid_t child = fork();

        if (child == 0)
            register_for_ever(1000 + (unsigned)i * 377 % 3000);
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
            WEXITSTATUS(status) != STATUS) {
            printf("child %d: status %#x\n", i, (unsigned)status);
            return 1;
        }
    }
    printf("done\n");
    return 0;
}
