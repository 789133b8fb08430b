/* SPDX-License-Identifier: BSD-2-Clause */
/* What a thread's end is the end of: its account, and maybe the session. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "clock/sampler.h"
#include "drain.h"
#include "guard.h"
#include "os/os.h"
#include "sigprof/jit.h"
#include "sigprof_impl.h"
#include "threads.h"
#include "toggle.h"

static pthread_key_t leaving;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool have_key;

static int first_tid; /* 0: not known */

/* On Linux the first thread has the process's number; elsewhere it is the one that
 * there is at load. */
void sigprof__thread_note_first(void)
{
    int tid = sigprof__os_tid();
    unsigned count;

    first_tid = tid == (int)getpid() ||
                        (sigprof__os_thread_count(&count) == 0 && count == 1)
                    ? tid
                    : 0;
}

static bool is_first(void)
{
    return sigprof__os_tid() == (first_tid ? first_tid : (int)getpid());
}

/*
 * The first thread may leave before the others. The last one must not find the
 * drain alive: where threads tell their end the last of them stops the session;
 * else nobody would know which is the last, so the drain goes at once.
 */
static void leave_process(void)
{
    bool last = sigprof__thread_is_last();

    if (!last && (sigprof__threads_are_told() || !is_first()))
        return;
    if (last) {
        sigprof__stop_and_say(false);
        return;
    }
    sigprof__control_lock();
    sigprof__toggle_end();
    sigprof__sampler_end();
    sigprof__drain_retire();
    sigprof__control_unlock();
}

/* The C library calls destructors of keys in rounds: ours waits for the second,
 * so that what the others use is still sampled. */
#define ROUNDS 2

static void thread_leaves(void *round)
{
    uintptr_t next = (uintptr_t)round + 1;
    struct guard guard;

    if (next <= ROUNDS && pthread_setspecific(leaving, (void *)next) == 0)
        return;
    if (atomic_load(&sigprof__state.phase) == PHASE_OFF ||
        sigprof__session.pid != getpid())
        return;
    sigprof__guard_enter(&guard);
    sigprof_guest_enter(NULL); /* its memory may go before the thread does */
    sigprof__thread_end_self();
    leave_process();
    sigprof__guard_leave(&guard);
}

static void make_key(void)
{
    have_key = pthread_key_create(&leaving, thread_leaves) == 0;
}

void sigprof__thread_end_watch(void)
{
    pthread_once(&key_once, make_key);
    if (have_key)
        pthread_setspecific(leaving, (void *)(uintptr_t)1);
}
