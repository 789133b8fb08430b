/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs do on a BSD that is not just work, for whole.py: ways WORD.
 *
 *  handlers  work in a handler, with and without a siginfo
 *  deferred  FreeBSD: work in libthr's critical regions: ticks come at their ends
 *  fork      parent and child work
 *  exec      another program, without the library, works
 *  paused    ... is executed with sampling paused
 *
 * Each says what has to be found, on stdout.
 */
#include "system.h"

#include "../ways.h"

int sigprof_pause(void);

static void execute(bool pauses)
{
    char self[] = "/proc/self/exe", word[] = "executed";
    char *arguments[] = {self, word, NULL}, *environment[] = {NULL};
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        work_here(100);
        if (pauses)
            sigprof_pause();
        execve(self, arguments, environment);
        _exit(1);
    }
    waitpid(child, &status, 0);
    printf("killed_by %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    printf("exit_status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void execute_at_once(void)
{
    execute(false);
}

static void execute_paused(void)
{
    execute(true);
}

static void executed(void)
{
    work_here(100);
}

int main(int argc, char **argv)
{
    static const struct way ways[] = {{"handlers", handlers},
#ifdef DEFERS
                                      {"deferred", deferred},
#endif
                                      {"fork", fork_and_work},
                                      {"exec", execute_at_once},
                                      {"paused", execute_paused},
                                      {"executed", executed},
                                      {NULL, NULL}};

    return go(ways, argc, argv);
}
