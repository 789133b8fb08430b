/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of processes. Theory: children.h. */
#include "children.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock/clock.h"
#include "clock/sampler.h"
#include "drain.h"
#include "events-log.h"
#include "foreign.h"
#include "guard.h"
#include "header.h"
#include "jit/code.h"
#include "jit/guest.h"
#include "labels.h"
#include "modules.h"
#include "salvage.h"
#include "sigprof_impl.h"
#include "threads.h"
#include "toggle.h"

#define ANCESTORS_MAX 64

static bool of_tree;
static char parent_id[33];
static struct guard fork_guard; /* control_lock */
static int phase_at_fork;
static int tid_at_fork;
static bool in_code_at_fork; /* a handler that interrupted a registration forks */
static bool threads_at_fork; /* besides the forking one and our own */

bool sigprof__of_tree(void)
{
    return of_tree;
}

const char *sigprof__parent_id(void)
{
    return parent_id;
}

/* ---- Who is being profiled --------------------------------------------- */

struct ancestry {
    pid_t pid[ANCESTORS_MAX]; /* parent first */
    unsigned count;
    unsigned nearest; /* the nearest one found profiled, as an index */
};

static void list_ancestors(struct ancestry *ancestry)
{
    pid_t pid = getppid();

    ancestry->nearest = ANCESTORS_MAX;
    for (ancestry->count = 0; pid > 1 && ancestry->count < ANCESTORS_MAX;) {
        ancestry->pid[ancestry->count++] = pid;
        if (sigprof__os_process_parent(pid, &pid) != 0)
            return;
    }
}

static void look_at_ring(const char *path, int pid, void *arg)
{
    struct ancestry *ancestry = arg;

    if (!sigprof__ring_alive(path)) {
        sigprof__salvage_sweep(path);
        return;
    }
    if (ancestry->count == 0)
        list_ancestors(ancestry);
    for (unsigned i = 0; i < ancestry->count && i < ancestry->nearest; i++)
        if (ancestry->pid[i] == pid) {
            ancestry->nearest = i;
            of_tree = true;
            snprintf(parent_id, sizeof parent_id, "%s",
                     strrchr(path, '-') + 1);
        }
}

/* An ancestor that has ended has left its mark where it executed us (see
 * environment.c). This very process before its exec is no ancestor. */
static void look_at_mark(void)
{
    const char *mark = getenv("SIGPROF_PARENT");

    if (!mark || strlen(mark) < 34 || mark[32] != ':' ||
        atoi(mark + 33) == getpid())
        return;
    of_tree = true;
    snprintf(parent_id, sizeof parent_id, "%.32s", mark);
}

void sigprof__children_look(void)
{
    struct ancestry ancestry = {.count = 0, .nearest = ANCESTORS_MAX};

    of_tree = false;
    parent_id[0] = '\0';
    look_at_mark();
    sigprof__ring_each(look_at_ring, &ancestry);
}

/* ---- fork -------------------------------------------------------------- */

static unsigned own_threads(void)
{
    return (sigprof__drain_tid() != 0) + (sigprof__sampler_tid() != 0) +
           (sigprof__toggle_tid() != 0);
}

/* Every lock, so that none is held by a thread the child does not have. The
 * order is that of sigprof_impl.h. */
static void before_fork(void)
{
    struct guard guard;
    unsigned threads;

    sigprof__guard_enter(&guard);
    sigprof__control_lock();
    fork_guard = guard;
    sigprof__declared_lock();
    sigprof__threads_lock();
    sigprof__modules_lock();
    sigprof__labels_lock();
    sigprof__guest_lock();
    in_code_at_fork = sigprof__code_inside();
    if (!in_code_at_fork) { /* else they may be this thread's, under a handler */
        sigprof__events_lock();
        sigprof__drain_lock();
    }
    phase_at_fork = atomic_load(&sigprof__state.phase);
    tid_at_fork = sigprof__os_tid();
    threads_at_fork = sigprof__os_thread_count(&threads) != 0 ||
                      threads > 1 + own_threads();
}

static void unlock_all(void)
{
    if (!in_code_at_fork) {
        sigprof__drain_unlock();
        sigprof__events_unlock();
    }
    sigprof__guest_unlock();
    sigprof__labels_unlock();
    sigprof__modules_unlock();
    sigprof__threads_unlock();
    sigprof__declared_unlock();
    sigprof__control_unlock();
}

static void in_parent(void)
{
    struct guard guard = fork_guard; /* another thread's fork may be next */

    unlock_all();
    sigprof__guard_leave(&guard);
}

void sigprof__children_begin_here(const struct sigprof__config *config)
{
    sigprof__session.pid = getpid();
    sigprof__id_text(sigprof__session.id, parent_id);
    of_tree = true;
    sigprof__clock_after_fork();
    if (config->follow != SIGPROF_FOLLOW_NONE)
        sigprof__start(config, true);
}

/* The child has no timer, no drain, and a ring that is its parent's. Its only
 * thread is here, so no handler can be running. */
static void become_child(void)
{
    struct sigprof__config config = sigprof__session.config;

    if (sigprof__session.pid)
        sigprof__session.pid = getpid(); /* the signal is still in our hands */
    if (phase_at_fork == PHASE_OFF)
        return;
    atomic_store(&sigprof__state.phase, PHASE_OFF);
    sigprof__id_text(sigprof__session.id, parent_id);
    of_tree = true;
    sigprof__threads_after_fork();
    sigprof__sampler_after_fork();
    sigprof__toggle_after_fork();
    sigprof__drain_after_fork();
    sigprof__modules_after_fork(threads_at_fork);
    if (in_code_at_fork)
        return; /* it goes on with the ring: that stays, and nothing begins */
    sigprof__ring_drop(&sigprof__state.ring, false);
    config.paused = phase_at_fork == PHASE_PAUSED;
    if (config.follow != SIGPROF_FOLLOW_NONE)
        sigprof__start(&config, true);
}

static void in_child(void)
{
    struct guard guard = fork_guard;

    sigprof__os_thread_forked(tid_at_fork);
    sigprof__thread_note_first();
    unlock_all();
    sigprof__foreign_after_fork();
    sigprof__clock_after_fork();
    become_child();
    sigprof__guard_leave(&guard);
}

static void register_fork_handlers(void)
{
    pthread_atfork(before_fork, in_parent, in_child);
}

void sigprof__children_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, register_fork_handlers);
}
