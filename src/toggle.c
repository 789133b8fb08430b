/* SPDX-License-Identifier: BSD-2-Clause */
/* The toggle's thread. Theory and contracts: toggle.h. */
#include "toggle.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "drain.h"
#include "format.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "sys.h"
#include "threads.h"

#define NAP_NS 1000000 /* until who has the control lock is done */

static pthread_t thread;
static bool running;
static _Atomic bool quit;
static _Atomic int toggle_tid;
static _Atomic uint64_t served;
static _Atomic uint64_t used_ns; /* CPU time, when the thread has ended */

int sigprof__toggle_tid(void)
{
    return atomic_load(&toggle_tid);
}

uint64_t sigprof__toggle_count(void)
{
    return atomic_load(&served);
}

uint64_t sigprof__toggle_own_ns(void)
{
    uint64_t ns = atomic_load(&used_ns);
    int tid = atomic_load(&toggle_tid);

    if (tid)
        sigprof__os_thread_cpu_ns(tid, &ns);
    return ns;
}

/* Who stops waits for us, and may have the lock: so we do not wait for it. */
static void serve(void)
{
    static const struct timespec nap = {0, NAP_NS};

    while (!sigprof__control_try_lock()) {
        if (atomic_load(&quit))
            return;
        nanosleep(&nap, NULL);
    }
    if (!atomic_load(&quit)) {
        sigprof__toggle();
        atomic_fetch_add(&served, 1);
    }
    sigprof__control_unlock();
}

/* A flight recorder's file is opened with each pause: not among the program's. */
static void *run(void *arg)
{
    sem_t *posted = atomic_load(&sigprof__toggle_posted);
    uint64_t ns = 0;

    sigprof__os_private_descriptors();
    atomic_store(&toggle_tid, sigprof__os_tid());
    while (!atomic_load(&quit))
        if (sem_wait(posted) == 0 && !atomic_load(&quit))
            serve();
    sigprof__os_thread_cpu_ns(sigprof__os_tid(), &ns);
    atomic_store(&used_ns, ns);
    sigprof__thread_gone(sigprof__os_tid(), FORMAT_EXIT_ENDED); /* as the drain */
    return arg;
}

bool sigprof__toggle_is_start(void *(*start)(void *))
{
    return start == run;
}

static bool is_ours(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) &&
           action->sa_handler == sigprof__toggle_handler;
}

static int take_signal(int number)
{
    struct sigaction ours = {.sa_handler = sigprof__toggle_handler,
                             .sa_flags = SA_RESTART | SA_ONSTACK};
    struct sigaction now;

    if (sigprof__sys.sigaction(number, NULL, &now) != 0)
        return SIGPROF_ESIGNAL;
    if (is_ours(&now))
        return 0;
    if ((now.sa_flags & SA_SIGINFO) || now.sa_handler != SIG_DFL)
        return SIGPROF_ESIGNAL;
    sigfillset(&ours.sa_mask);
    return sigprof__sys.sigaction(number, &ours, NULL) == 0 ? 0
                                                            : SIGPROF_ESIGNAL;
}

int sigprof__toggle_begin(int number)
{
    sem_t *posted = sigprof__os_semaphore();
    int code;

    if (!posted)
        return SIGPROF_ENOMEM;
    atomic_store(&sigprof__toggle_posted, posted);
    atomic_store(&quit, false);
    atomic_store(&served, 0);
    atomic_store(&used_ns, 0);
    code = take_signal(number);
    if (code) /* the program has it since, as the manual allows */
        return sigprof__session.forked ? 0 : code;
    sigprof__threads_lock(); /* a sweep is to know it for ours, the drain's too */
    running = sigprof__drain_spawn(&thread, run) == 0;
    while (running && !atomic_load(&toggle_tid))
        sched_yield();
    sigprof__threads_unlock();
    return running ? 0 : SIGPROF_ETHREAD;
}

void sigprof__toggle_end(void)
{
    if (!running)
        return;
    atomic_store(&quit, true);
    sem_post(atomic_load(&sigprof__toggle_posted));
    pthread_join(thread, NULL);
    atomic_store(&toggle_tid, 0);
    running = false;
}

void sigprof__toggle_after_fork(void)
{
    running = false;
    atomic_store(&toggle_tid, 0);
}
