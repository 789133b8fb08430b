/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that sets its action for SIGPROF by every call that the C library has for
 * it, and says on stdout what it is told: the same with and without a profiler. On
 * stderr: what the kernel has.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

typedef void handler(int);
handler *sysv_signal(int number, handler *action);
handler *ssignal(int number, handler *action);

static volatile sig_atomic_t ticks;

static void own(int number)
{
    (void)number;
    ticks++;
}

static const char *name_of(handler *action)
{
    return action == SIG_DFL    ? "default"
           : action == SIG_IGN  ? "ignored"
           : action == SIG_ERR  ? "error"
           : action == SIG_HOLD ? "held"
           : action == own      ? "own"
                                : "another";
}

/* In the kernel's own words: handler and flags come first, on mips the other way
 * about. */
struct kernel_action {
#ifdef __mips__
    unsigned int flags;
    uintptr_t handler;
#else
    uintptr_t handler;
    unsigned long flags;
#endif
    unsigned long rest[20];
};

static void show_kernels(const char *what)
{
    struct kernel_action action;

    memset(&action, 0, sizeof action);
    if (syscall(SYS_rt_sigaction, SIGPROF, NULL, &action, _NSIG / 8) != 0)
        perror("rt_sigaction");
    fprintf(stderr, "%s: %s%s\n", what,
            action.handler > 1 ? "handled" : action.handler ? "ignored" : "default",
            action.flags & SA_RESTART ? " restarts" : "");
}

/* What flags are left when a handler for one signal has fallen is the system's affair. */
static void show(const char *what, const char *result)
{
    struct sigaction action;
    sigset_t blocked;
    int flags;

    if (sigaction(SIGPROF, NULL, &action) != 0)
        perror("sigaction");
    flags = action.sa_handler == SIG_DFL ? 0 : action.sa_flags;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    printf("%s gave %s: %s%s%s%s, %s\n", what, result, name_of(action.sa_handler),
           flags & SA_RESTART ? " restarts" : "",
           flags & (int)SA_RESETHAND ? " once" : "",
           flags & SA_NODEFER ? " nested" : "",
           sigismember(&blocked, SIGPROF) == 1 ? "blocked" : "open");
    show_kernels(what);
}

static const char *status_of(int result)
{
    return result == 0 ? "0" : strerror(errno);
}

/* The calls, in an order in which one shows what another has left. */
static void by_handlers(void)
{
    show("nothing", "0");
    show("sigset(own)", name_of(sigset(SIGPROF, own)));
    raise(SIGPROF);
    show("siginterrupt(1)", status_of(siginterrupt(SIGPROF, 1)));
    show("signal(own)", name_of(signal(SIGPROF, own)));
    show("signal(ignored)", name_of(signal(SIGPROF, SIG_IGN)));
    show("siginterrupt(0)", status_of(siginterrupt(SIGPROF, 0)));
    show("signal(own) again", name_of(signal(SIGPROF, own)));
#ifdef __GLIBC__
    show("ssignal(own)", name_of(ssignal(SIGPROF, own)));
    show("sysv_signal(own)", name_of(sysv_signal(SIGPROF, own)));
#endif
    raise(SIGPROF);
    show("raise", "0");
}

static void by_masks(void)
{
    show("sigset(own)", name_of(sigset(SIGPROF, own)));
    show("sighold", status_of(sighold(SIGPROF)));
    raise(SIGPROF); /* comes with what opens the mask */
    show("sigset(SIG_HOLD)", name_of(sigset(SIGPROF, SIG_HOLD)));
    show("sigrelse", status_of(sigrelse(SIGPROF)));
    show("sigset(SIG_HOLD) again", name_of(sigset(SIGPROF, SIG_HOLD)));
    show("sigset(default)", name_of(sigset(SIGPROF, SIG_DFL)));
    show("sigignore", status_of(sigignore(SIGPROF)));
    raise(SIGPROF);
    show("sigset(ignored)", name_of(sigset(SIGPROF, SIG_IGN)));
    raise(SIGPROF);
    show("signal(own)", name_of(signal(SIGPROF, own)));
    show("sigignore", status_of(sigignore(SIGPROF)));
}

/* They pass through. */
static void by_others(void)
{
    show("sigignore(0)", status_of(sigignore(0)));
    show("sigignore(SIGKILL)", status_of(sigignore(SIGKILL)));
    show("siginterrupt(0, 1)", status_of(siginterrupt(0, 1)));
    show("siginterrupt(SIGUSR1)", status_of(siginterrupt(SIGUSR1, 1)));
    show("signal(SIGUSR1)", name_of(signal(SIGUSR1, own)));
    raise(SIGUSR1);
    show("sigignore(SIGUSR1)", status_of(sigignore(SIGUSR1)));
    show("sigset(SIGUSR1)", name_of(sigset(SIGUSR1, own)));
}

int main(void)
{
    by_handlers();
    by_masks();
    by_others();
    printf("%d signals\n", (int)ticks);
    return 0;
}
