/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program waits in read while another process sends it SIGPROF, which it handles: it
 * says on stdout whether read gave up (EINTR) or went on to the byte that comes last.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define SIGNALS 50 /* one that comes before read waits does not interrupt it */

static _Atomic unsigned *handled;

static void own(int number)
{
    (void)number;
    atomic_fetch_add(handled, 1);
}

/* Each is handled before the next one is sent. */
static _Noreturn void send(pid_t to, int pipe_end)
{
    for (unsigned i = 0; i < SIGNALS; i++) {
        unsigned before = atomic_load(handled);

        usleep(2000);
        if (kill(to, SIGPROF) != 0)
            _exit(1);
        while (atomic_load(handled) == before)
            usleep(100);
    }
    _exit(write(pipe_end, "x", 1) == 1 ? 0 : 1);
}

static void show(const char *what)
{
    pid_t self = getpid(), sender;
    int ends[2], error;
    ssize_t got;
    char byte;

    if (pipe(ends) != 0)
        exit(1);
    fflush(stdout);
    sender = fork();
    if (sender == 0)
        send(self, ends[1]);
    got = read(ends[0], &byte, 1);
    error = errno;
    kill(sender, SIGKILL);
    waitpid(sender, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    printf("%s: %s\n", what, got == 1         ? "went on"
                             : error == EINTR ? "interrupted"
                                              : strerror(error));
}

static void set(int flags)
{
    struct sigaction action = {.sa_handler = own, .sa_flags = flags};

    if (sigaction(SIGPROF, &action, NULL) != 0)
        exit(1);
}

int main(void)
{
    handled = mmap(NULL, sizeof *handled, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (handled == MAP_FAILED)
        return 1;
    set(SA_RESTART);
    show("with SA_RESTART");
    set(0);
    show("without SA_RESTART");
    siginterrupt(SIGPROF, 1);
    show("siginterrupt(1)");
    set(SA_RESTART);
    show("siginterrupt(1), then with SA_RESTART");
    set(0);
    show("siginterrupt(1), then without SA_RESTART");
    siginterrupt(SIGPROF, 0);
    show("siginterrupt(0)");
    return 0;
}
