/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's own SIGPROF. Theory: foreign.h.
 *
 * Two copies of its action; a version's low bit tells which one counts, so the
 * handler can read while it interrupts the writer. Writers block every signal
 * and take a spin lock: sigaction may be called from a signal handler.
 */
#include "foreign.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

#include "clock/clock.h"
#include "os/os.h"
#include "os/regs.h"
#include "sigprof_impl.h"
#include "sys.h"
#include "threads.h"

#define READ_TRIES_MAX 4 /* each lost to a whole write by another thread */

static struct sigaction copies[2];
static _Atomic unsigned version;
static atomic_flag writing = ATOMIC_FLAG_INIT;
static _Atomic bool installed;
static _Atomic int interrupts; /* asked for by siginterrupt; a word: see ring.h */

/* The handler that ours was called from, by its context; see foreign_tick.
 * initial-exec: a signal may use it. */
static __thread const void *chained
    __attribute__((tls_model("initial-exec")));

void sigprof__foreign_after_fork(void)
{
    atomic_flag_clear(&writing);
}

bool sigprof__handler_installed(void)
{
    return atomic_load(&installed);
}

static void read_action(struct sigaction *action)
{
    for (unsigned i = 0; i < READ_TRIES_MAX; i++) {
        unsigned before = atomic_load(&version);

        *action = copies[before & 1];
        if (atomic_load(&version) == before)
            return;
    }
}

static void write_action(const struct sigaction *action)
{
    unsigned now = atomic_load(&version);

    copies[(now + 1) & 1] = *action;
    atomic_store(&version, now + 1);
}

static void lock(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
    while (atomic_flag_test_and_set(&writing))
        sched_yield();
}

static void unlock(const sigset_t *before)
{
    atomic_flag_clear(&writing);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static bool is_handler(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) ||
           (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* A handler without SA_RESTART does not show that the program reckons with EINTR: that
 * of sort(1) never returns, and its read must not fail for a tick of ours. Who calls
 * siginterrupt means it. */
static int restarts(void)
{
    struct sigaction action;

    if (!atomic_load(&interrupts))
        return SA_RESTART;
    read_action(&action);
    return is_handler(&action) ? action.sa_flags & SA_RESTART : SA_RESTART;
}

/* Under the lock. */
static int put_ours(void)
{
    struct sigaction ours = {
        .sa_sigaction = sigprof__handler,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | restarts(),
    };

    sigfillset(&ours.sa_mask);
    return sigprof__sys.sigaction(SIGPROF, &ours, NULL);
}

void sigprof__foreign_action(const struct sigaction *set, struct sigaction *get)
{
    struct sigaction wanted;
    sigset_t before;

    if (set)
        wanted = *set; /* set and get may be the same */
    lock(&before);
    if (get)
        read_action(get);
    if (set)
        write_action(&wanted);
    if (set && atomic_load(&installed) && atomic_load(&interrupts))
        put_ours();
    unlock(&before);
}

void sigprof__foreign_interrupts(bool on)
{
    sigset_t before;

    lock(&before);
    if (atomic_exchange(&interrupts, on) != on && atomic_load(&installed))
        put_ours();
    unlock(&before);
}

/* ITIMER_PROF was armed by the program, which left the default action in place:
 * it means to die of it. No tick of ours comes this way. */
static void die_as_asked(int number)
{
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    sigset_t only;

    sigprof__sys.sigaction(number, &fatal, NULL);
    raise(number);
    sigemptyset(&only);
    sigaddset(&only, number);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

/* The mask that the program's handler would have had without us. */
static void set_mask(int number, const struct sigaction *action,
                     const void *interrupted)
{
    sigset_t mask;

    regs_mask(interrupted, &mask);
    for (int i = 1; i < NSIG; i++)
        if (sigismember(&action->sa_mask, i) == 1)
            sigaddset(&mask, i);
    if (!(action->sa_flags & SA_NODEFER))
        sigaddset(&mask, number);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void count_foreign(void)
{
    sigprof__handlers_enter();
    if (sigprof__state.ring.head &&
        atomic_load(&sigprof__state.phase) != PHASE_OFF)
        atomic_fetch_add(&sigprof__state.ring.head->foreign, 1);
    sigprof__handlers_leave();
}

void sigprof__foreign_tick(int number, siginfo_t *info, void *ucontext)
{
    int saved_errno = errno;
    struct os_tick from;
    struct sigaction action;

    /* A handler of the program's that calls the one it found calls us: its tick
     * is where it belongs. (One that jumped out cost the next tick at worst.) */
    if (chained == ucontext) {
        chained = NULL;
        return;
    }
    count_foreign();
    read_action(&action);
    sigprof__os_tick(info, &from);
    if (!is_handler(&action)) {
        if (from.from_process_timer && action.sa_handler == SIG_DFL &&
            sigprof__clock_program_tick())
            die_as_asked(number);
        errno = saved_errno;
        return;
    }
    if (action.sa_flags & SA_RESETHAND) {
        struct sigaction fallen = {.sa_handler = SIG_DFL};

        sigprof__foreign_action(&fallen, NULL);
    }
    set_mask(number, &action, ucontext);
    chained = ucontext;
    errno = saved_errno;
    if (action.sa_flags & SA_SIGINFO)
        action.sa_sigaction(number, info, ucontext);
    else
        action.sa_handler(number);
    chained = NULL;
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) &&
           action->sa_sigaction == sigprof__handler;
}

int sigprof__handler_install(void)
{
    struct sigaction before;
    sigset_t mask;
    int result;

    if (sigprof__sys.sigaction(SIGPROF, NULL, &before) != 0)
        return SIGPROF_ECLOCK;
    if (!is_ours(&before)) /* first: a tick of the program's may come at once */
        sigprof__foreign_action(&before, NULL);
    lock(&mask);
    result = put_ours();
    if (result == 0)
        atomic_store(&installed, true);
    unlock(&mask);
    return result == 0 ? 0 : SIGPROF_ECLOCK;
}

int sigprof__handler_is_hosts(void)
{
    struct sigaction action;

    if (sigprof__sys.sigaction(SIGPROF, NULL, &action) != 0 ||
        !is_handler(&action) || is_ours(&action))
        return SIGPROF_EINVAL;
    atomic_store(&installed, false);
    return 0;
}

void sigprof__handler_restore(void)
{
    struct sigaction action;

    if (!sigprof__handler_installed())
        return;
    sigprof__foreign_action(NULL, &action);
    if (!is_handler(&action) ||
        sigprof__sys.sigaction(SIGPROF, &action, NULL) != 0)
        return;
    atomic_store(&installed, false);
}

void sigprof__handler_check(void)
{
    struct sigaction now;

    if (!sigprof__handler_installed())
        return; /* the program's own is as it should be */
    if (sigprof__sys.sigaction(SIGPROF, NULL, &now) == 0 && !is_ours(&now))
        sigprof__handler_install();
}
