/* SPDX-License-Identifier: BSD-2-Clause */
/* The sampler's thread, its lists and its signals. Contract and theory: sampler.h. */
#include "clock/sampler.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "clock/wall.h"
#include "drain.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "threads-table.h"

#define LISTS 32u       /* a power of two above LOOKS_APART */
#define LOOKS_APART 16u /* a burst after a long sleep is seen this many ticks late */
#define STILL_SHARE 4u  /* looks are this part of the sleep so far apart */
#define BATCH 32u       /* threads looked at before others may have the lock */
#define ASK_AGAIN 16u   /* looks after which an unanswered signal gets a reason */

/* threads_lock */
struct ring_owner sigprof__sampler_block = {.mixed = true};
static struct slot *due[LISTS];
static struct slot *todo; /* of the list that is being worked off */
static uint32_t sent; /* signals, in this tick */
static uint64_t done; /* the latest tick that was worked off */
static uint64_t origin_ns; /* of tick 0 */

static _Atomic int sampler_tid;

/* wake_lock; taken by nobody who holds another lock but control_lock */
static pthread_mutex_t wake_lock;
static pthread_cond_t wake;
static bool stop;
static bool ready; /* the sampler's tid is known: nobody takes it for the program's */

/* control_lock */
static pthread_t sampler;
static bool running;
static sampler_look *look;       /* fixed before the thread begins */
static uint64_t sampler_used_ns; /* CPU time, when it has ended */

int sigprof__sampler_tid(void)
{
    return atomic_load(&sampler_tid);
}

uint64_t sigprof__sampler_own_ns(void)
{
    uint64_t ns = 0;
    int tid = atomic_load(&sampler_tid);

    if (tid)
        sigprof__os_thread_cpu_ns(tid, &ns);
    return sigprof__session.sampler_ns + ns;
}

/* Their number outgrows 32 bits within days at 10 kHz: slots hold its lower half. */
static uint64_t tick_of(uint64_t now_ns)
{
    return (now_ns - origin_ns) / sigprof__state.period_ns;
}

uint32_t sigprof__sampler_tick(void)
{
    return (uint32_t)tick_of(sigprof__os_now_ns());
}

/* ---- Who is to be looked at when ----------------------------------------- */

void sigprof__sampler_remove(struct slot *slot)
{
    struct wall_account *wall = &slot->wall;

    if (!wall->link)
        return;
    *wall->link = wall->next;
    if (wall->next)
        wall->next->wall.link = wall->link;
    wall->link = NULL;
}

static void link_slot(struct slot *slot, uint32_t tick)
{
    struct wall_account *wall = &slot->wall;
    struct slot **head = &due[tick % LISTS];

    wall->next = *head;
    wall->link = head;
    if (*head)
        (*head)->wall.link = &wall->next;
    *head = slot;
}

void sigprof__sampler_add(struct slot *slot)
{
    link_slot(slot, sigprof__sampler_tick() + 1);
}

/* ---- What a thread is owed ------------------------------------------------- */

uint32_t sigprof__sampler_owed(const struct wall_account *wall)
{
    uint32_t periods = 0;

    for (unsigned state = 0; state < WALL_STATES; state++)
        periods += atomic_load(&wall->owed[state]);
    return periods;
}

void sigprof__sampler_forget_owed(struct wall_account *wall)
{
    for (unsigned state = 0; state < WALL_STATES; state++)
        atomic_store(&wall->owed[state], 0);
}

/* ---- A stack by a signal --------------------------------------------------- */

/* Each handler may need a block of its own, all of them before the drain comes. */
static void send(struct slot *slot)
{
    struct wall_account *wall = &slot->wall;

    sigprof__ring_open_blocks(&sigprof__state.ring, RING_SPARE_BLOCKS + ++sent);
    wall->unanswered = 0;
    atomic_store(&wall->signalled, true);
    if (sigprof__os_signal_thread(slot->tid, slot->value) != 0)
        atomic_store(&wall->signalled, false);
}

/* What a thread that blocks SIGPROF is owed will not be paid when it unblocks it,
 * at a place that has nothing to do with it. */
static void look_for_block(struct slot *slot)
{
    struct wall_account *wall = &slot->wall;

    if (++wall->unanswered % ASK_AGAIN || !sigprof__os_thread_blocks(slot->tid))
        return;
    wall->blocked += sigprof__sampler_owed(wall);
    sigprof__sampler_forget_owed(wall);
}

void sigprof__sampler_ask(struct slot *slot)
{
    if (atomic_load(&slot->wall.signalled))
        look_for_block(slot);
    else
        send(slot);
}

/* ---- A tick ---------------------------------------------------------------- */

static uint32_t next_look(const struct slot *slot)
{
    uint32_t apart = 1 + slot->wall.still / STILL_SHARE;

    return apart < LOOKS_APART ? apart : LOOKS_APART;
}

/* Taken from its head first: after a long delay a slot may go back to the same. */
static void look_at_list(struct slot **head, uint32_t tick)
{
    struct slot *slot;

    sigprof__threads_lock();
    todo = *head;
    *head = NULL;
    if (todo)
        todo->wall.link = &todo;
    for (unsigned i = 1; (slot = todo) != NULL; i++) {
        sigprof__sampler_remove(slot);
        if (look(slot, tick))
            link_slot(slot, tick + next_look(slot));
        if (i % BATCH == 0) {
            sigprof__threads_unlock();
            sigprof__ring_open_blocks(&sigprof__state.ring, RING_SPARE_BLOCKS);
            sigprof__threads_lock();
        }
    }
    sigprof__threads_unlock();
}

static void work_off(uint64_t tick)
{
    uint64_t late = tick - done < LISTS ? tick - done : LISTS;

    sent = 0;
    sigprof__ring_open_blocks(&sigprof__state.ring, RING_SPARE_BLOCKS);
    for (uint64_t i = late; i-- > 0;)
        look_at_list(&due[(tick - i) % LISTS], (uint32_t)tick);
    done = tick;
}

/* ---- The thread -------------------------------------------------------------- */

/* Waits for the tick behind the last. false: the clock is to end. */
static bool wait_for_tick(void)
{
    uint64_t at_ns =
        origin_ns + (done + 1) * sigprof__state.period_ns;
    bool go_on;

    pthread_mutex_lock(&wake_lock);
    while (!stop && sigprof__os_condition_wait(&wake, &wake_lock, at_ns))
        ;
    go_on = !stop;
    pthread_mutex_unlock(&wake_lock);
    return go_on;
}

static void *sample(void *unused)
{
    uint64_t ns = 0;

    (void)unused;
    pthread_mutex_lock(&wake_lock);
    atomic_store(&sampler_tid, sigprof__os_tid());
    ready = true;
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&wake_lock);
    sigprof__os_private_descriptors(); /* for what it reads; shared, it works too */
    while (wait_for_tick())
        work_off(tick_of(sigprof__os_now_ns()));
    sigprof__os_thread_cpu_ns(sigprof__os_tid(), &ns);
    sampler_used_ns = ns;
    return NULL;
}

bool sigprof__sampler_is_start(void *(*start)(void *))
{
    return start == sample;
}

static void make_wake(void)
{
    pthread_mutex_init(&wake_lock, NULL);
    sigprof__os_condition_init(&wake);
}

static void wait_until_ready(void)
{
    pthread_mutex_lock(&wake_lock);
    while (!ready)
        pthread_cond_wait(&wake, &wake_lock);
    pthread_mutex_unlock(&wake_lock);
}

/* The first tick comes at a random moment: so do all of them, for the program. */
int sigprof__sampler_begin(sampler_look *how)
{
    uint64_t random;

    sigprof__os_random(&random, sizeof random);
    make_wake();
    look = how;
    stop = false;
    ready = false;
    sigprof__threads_lock();
    origin_ns = sigprof__os_now_ns() - random % sigprof__state.period_ns;
    done = 0;
    sigprof__sampler_block = (struct ring_owner){.mixed = true};
    running = sigprof__drain_spawn(&sampler, sample) == 0;
    if (running)
        wait_until_ready(); /* before the drain sweeps, which is to know it for ours */
    sigprof__threads_unlock();
    return running ? 0 : SIGPROF_ETHREAD;
}

void sigprof__sampler_end(void)
{
    if (!running)
        return;
    pthread_mutex_lock(&wake_lock);
    stop = true;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&wake_lock);
    pthread_join(sampler, NULL);
    sigprof__thread_gone(atomic_exchange(&sampler_tid, 0), FORMAT_EXIT_ENDED);
    sigprof__session.sampler_ns += sampler_used_ns;
    sigprof__threads_lock();
    sigprof__ring_release(&sigprof__state.ring, &sigprof__sampler_block);
    sigprof__threads_unlock();
    running = false;
}

void sigprof__sampler_after_fork(void)
{
    todo = NULL;
    memset(due, 0, sizeof due);
    atomic_store(&sampler_tid, 0);
    running = false;
}
