/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Around illumos' forkall, with several threads there at once: nothing of ours runs
 * while one of them is in it, and sampling goes on after the last.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "hooks.h"
#include "sigprof/sigprof.h"
#include "support/run.h"
#include "test.h"

#define THREADS 3
#define ROUNDS 300

static _Atomic unsigned running; /* forkalls that found sampling on */

static void *fork_all(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        CHECK(sigprof__hook_forkall());
        usleep(i % 7 * 100); /* as long as another may take to start */
        atomic_fetch_add(&running, sigprof_stop() != SIGPROF_EOFF);
        sigprof__hook_forkall_done();
        usleep(i % 5 * 100);
    }
    return arg;
}

static void sampling_is_off_while_any_thread_is_there(void)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 99,
                                      .out = run_path("forkall-%p")};
    pthread_t threads[THREADS];

    CHECK_EQ(sigprof_start(&options), 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, fork_all, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(atomic_load(&running), 0);
    CHECK_EQ(sigprof_stop(), 0);
}

int main(void)
{
    RUN(sampling_is_off_while_any_thread_is_there);
    return 0;
}
