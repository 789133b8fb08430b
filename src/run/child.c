/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child in our own process group, so that a terminal treats both as one job.
 *
 * Signals stay blocked here and are taken one by one with sigwaitinfo; there is no
 * handler and so no race. A signal that the terminal made has reached the child
 * by itself (si_code BY_TERMINAL); one that a process sent to us alone has not, and
 * is passed on. One sent to the whole group cannot be told from that and
 * arrives twice.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(SI_KERNEL)
#define BY_TERMINAL SI_KERNEL
#else
#define BY_TERMINAL SI_NOINFO /* illumos': nobody in particular */
#endif

static const int passed[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1,
                             SIGUSR2, SIGALRM, SIGTERM, SIGCONT,
                             SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};

static void waited_for(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        sigaddset(set, passed[i]);
}

/* An ignored SIGCHLD would take the child's status away. */
void child_begin(struct child_signals *before)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t set;

    waited_for(&set);
    sigprocmask(SIG_BLOCK, &set, &before->mask);
    sigaction(SIGCHLD, &standard, &before->chld);
}

static _Noreturn void become(char *const argv[],
                             const struct child_signals *signals,
                             child_prepare *prepare, void *arg, int report)
{
    int error;

    prepare(arg);
    sigaction(SIGCHLD, &signals->chld, NULL);
    sigprocmask(SIG_SETMASK, &signals->mask, NULL);
    execvp(argv[0], argv);
    error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(126); /* the parent is gone */
    _exit(127);
}

/* The child's end of the pipe closes by itself on a good exec. */
static int exec_error(int report)
{
    int error = 0;

    while (read(report, &error, sizeof error) < 0 && errno == EINTR)
        ;
    return error;
}

/* The shell that waits for us is to see the job stop. A SIGCONT sent to the
 * group has continued the child already. */
static void stop_with(pid_t child)
{
    siginfo_t info = {0};

    raise(SIGSTOP);
    if (waitid(P_PID, (id_t)child, &info, WCONTINUED | WNOHANG) == 0 &&
        info.si_pid == 0)
        kill(child, SIGCONT);
}

static int wait_and_pass(pid_t child)
{
    siginfo_t info;
    sigset_t set;
    int status;

    waited_for(&set);
    for (;;) {
        while (waitpid(child, &status, WUNTRACED | WNOHANG) == child) {
            if (!WIFSTOPPED(status))
                return status;
            stop_with(child);
        }
        if (sigwaitinfo(&set, &info) > 0 && info.si_signo != SIGCHLD &&
            info.si_code != BY_TERMINAL)
            kill(child, info.si_signo);
    }
}

int child_run(char *const argv[], const struct child_signals *signals,
              child_prepare *prepare, void *arg, int *status, pid_t *pid)
{
    int report[2], error;
    pid_t child;

    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    child = fork();
    if (child == 0)
        become(argv, signals, prepare, arg, report[1]);
    error = child < 0 ? errno : 0;
    if (pid)
        *pid = child;
    close(report[1]);
    if (child > 0) {
        error = exec_error(report[0]);
        *status = wait_and_pass(child);
    }
    close(report[0]);
    return error;
}

/* Linux takes a limit of 1 as "no core", where 0 still feeds a pipe. */
static void dump_no_core(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < 1 ? limit.rlim_max : 1;
    setrlimit(RLIMIT_CORE, &limit);
}

_Noreturn void child_end_alike(int status)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t only;

    if (WIFEXITED(status))
        exit(WEXITSTATUS(status));
    dump_no_core();
    sigaction(WTERMSIG(status), &standard, NULL);
    sigemptyset(&only);
    sigaddset(&only, WTERMSIG(status));
    raise(WTERMSIG(status));
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    exit(128 + WTERMSIG(status));
}
