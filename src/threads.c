/* SPDX-License-Identifier: BSD-2-Clause */
/* The slot table, ordinary code's side. Theory: threads.h; the handler's side:
 * threads-signal.c; what threads have used: thread-accounts.c. */
#include "threads.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock/clock.h"
#include "clock/sampler.h"
#include "drain.h"
#include "events.h"
#include "labels.h"
#include "sigprof_impl.h"
#include "thread-accounts.h"
#include "threads-table.h"
#include "toggle.h"
#include "weigh.h"

/* A thread that has told its end is in the system's list a little longer. */
#define GONE_KEPT 1024
#define GONE_FOR_NS 2000000000u

static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t random_state;
static struct {
    int tid;
    uint64_t at_ns;
} gone[GONE_KEPT];
static unsigned gone_next; /* the oldest of them */

/* initial-exec: never allocated lazily, so a signal may find it there. */
static __thread struct slot *self
    __attribute__((tls_model("initial-exec")));

static bool threads_tell;

void sigprof__threads_tell(bool tell)
{
    threads_tell = tell;
}

bool sigprof__threads_are_told(void)
{
    return threads_tell;
}

void sigprof__threads_lock(void)
{
    pthread_mutex_lock(&threads_lock);
}

void sigprof__threads_unlock(void)
{
    pthread_mutex_unlock(&threads_lock);
}

int sigprof__threads_begin(unsigned depth)
{
    sigprof__accounts_begin();
    sigprof__weigh_begin();
    sigprof__os_random(&random_state, sizeof random_state);
    return slot_table_begin(depth);
}

static struct slot *find(int tid)
{
    return sigprof__slot_of_thread(tid);
}

/* Uniform in 1..period: else threads shorter than a period are never seen. */
static uint64_t random_phase_ns(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 1 + random_state % sigprof__state.period_ns;
}

static void reset_slot(struct slot *slot, int tid, bool hooked)
{
    slot->value = (slot->value + (1u << SLOT_INDEX_BITS)) & /* the next */
                  SLOT_VALUE_MASK;                          /* generation */
    slot->tid = tid;
    slot->hooked = hooked;
    slot->seen = true;
    slot->named = false;
    slot->name_is_own = false;
    slot->deferred_ns = 0;
    slot->has_timer = false;
    slot->event = NULL;
    slot->event_refused = false;
    slot->owner = (struct ring_owner){.hint = slot->value & SLOT_INDEX_MASK};
    slot->stack.top = slot->stack.capacity;
    slot->stack.shared = 0;
    slot->guests.merged.top = slot->guests.merged.capacity;
    slot->result = &slot->stack;
    slot->name[0] = '\0';
    atomic_store(&slot->periods, 0);
    atomic_store(&slot->samples, 0);
    atomic_store(&slot->busy, 0);
    atomic_store(&slot->deferred, 0);
    atomic_store(&slot->owed, 0);
    slot->weighed_periods = 0;
    slot->kernel_periods = 0;
    slot->blocked = false;
    atomic_store(&slot->has_event, false);
    atomic_store(&slot->skips_first, false);
    atomic_store(&slot->unknown_sp, 0);
    atomic_store(&slot->stack_low, 0);
    atomic_store(&slot->stack_high, 0);
    memset(&slot->wall, 0, sizeof slot->wall);
    slot->cpu_at_start_ns = 0;
    sigprof__clock_used(tid, &slot->cpu_at_start_ns);
    slot->cpu_last_ns = slot->cpu_at_start_ns;
    slot->cpu_weighed_ns = slot->cpu_at_start_ns;
}

static void name_slot(struct slot *slot, const char *name)
{
    snprintf(slot->name, sizeof slot->name, "%s", name);
}

/* The system's name for it, unless the program has given it one of its own. */
static void ask_name(struct slot *slot)
{
    char name[sizeof slot->name];

    if (slot->name_is_own)
        return;
    sigprof__os_thread_name(slot->tid, name, sizeof name);
    if (name[0] && strcmp(name, slot->name) != 0) {
        name_slot(slot, name);
        sigprof__event_thread(slot->tid, 0, name);
    }
}

/* A timer that cannot be had moves the whole process to the next clock. */
static int arm(struct slot *slot)
{
    int error = sigprof__clock_arm(slot, random_phase_ns());

    return error ? sigprof__clock_fall_back(error) : 0;
}

static struct slot *known_locked(int tid, uintptr_t start_routine,
                                 const char *name, bool hooked)
{
    struct slot *slot = find(tid);

    if (!slot) {
        slot = slot_take();
        if (!slot || !slot_hash_put(tid, slot->value & SLOT_INDEX_MASK))
            return NULL;
        reset_slot(slot, tid, hooked);
        sigprof__account_open();
        atomic_store_explicit(&slot->life, SLOT_LIVE, memory_order_release);
        if (atomic_load(&sigprof__state.phase) == PHASE_ON)
            arm(slot);
    }
    slot->hooked |= hooked;
    if (name)
        name_slot(slot, name);
    sigprof__event_thread(tid, start_routine, slot->name);
    return slot;
}

struct slot *sigprof__thread_known(int tid, uintptr_t start_routine,
                                   const char *name, bool is_own)
{
    struct slot *slot;

    sigprof__threads_lock();
    slot = atomic_load(&sigprof__state.phase) == PHASE_OFF
               ? NULL
               : known_locked(tid, start_routine, name, true);
    if (slot) {
        slot->name_is_own |= is_own;
        /* all of them may tick before the drain comes by */
        sigprof__ring_open_blocks(&sigprof__state.ring,
                                  RING_SPARE_BLOCKS +
                                      (uint32_t)sigprof__accounts_live());
    }
    sigprof__threads_unlock();
    return slot;
}

/* It did not come to its hook again. */
static void drop_deferred(struct slot *slot)
{
    uint64_t periods = atomic_exchange(&slot->deferred, 0);

    if (periods)
        sigprof__ring_count_drop(&sigprof__state.ring, RING_DROP_BUSY,
                                 (uint32_t)periods, sigprof__os_now_ns());
}

/* After the timer is deleted a tick may still be on its way to a handler that
 * has not started: from the first line on it finds that the slot is free, so no
 * sample comes between the account and its end. */
static void settle(struct slot *slot, unsigned cause)
{
    sigprof__clock_disarm(slot, true);
    atomic_store(&slot->life, SLOT_FREE);
    if (atomic_load(&sigprof__state.phase) == PHASE_ON &&
        sigprof__clock_used(slot->tid, &slot->cpu_last_ns) != 0)
        sigprof__account_sampled(slot);
    sigprof__weigh_end(slot, cause == FORMAT_EXIT_BLOCKED);
    ask_name(slot);
    if (sigprof__account_was_blocked(slot))
        cause = FORMAT_EXIT_BLOCKED;
    drop_deferred(slot);
    sigprof__event_exit(slot->tid, slot->cpu_last_ns - slot->cpu_at_start_ns,
                        sigprof__slot_periods(slot), cause);
    sigprof__account_close(slot, cause);
    slot_hash_remove(slot->tid);
    if (atomic_load(&slot->inside) == 0)
        sigprof__ring_release(&sigprof__state.ring, &slot->owner);
}

void sigprof__thread_gone(int tid, unsigned cause)
{
    struct slot *slot;

    sigprof__threads_lock();
    slot = find(tid);
    gone[gone_next].tid = tid;
    gone[gone_next].at_ns = sigprof__os_now_ns();
    gone_next = (gone_next + 1) % GONE_KEPT;
    if (slot)
        settle(slot, cause);
    sigprof__threads_unlock();
}

void sigprof__thread_end_self(void)
{
    if (self)
        sigprof__thread_gone(sigprof__os_tid(), FORMAT_EXIT_ENDED);
    self = NULL;
}

static bool is_own(int tid)
{
    return tid == sigprof__drain_tid() || tid == sigprof__sampler_tid() ||
           tid == sigprof__toggle_tid();
}

static bool gone_lately(int tid, uint64_t now_ns)
{
    for (unsigned i = 0; i < GONE_KEPT; i++)
        if (gone[i].tid == tid && now_ns - gone[i].at_ns < GONE_FOR_NS)
            return true;
    return false;
}

static void sweep_visit(int tid, void *arg)
{
    uint64_t now_ns = *(uint64_t *)arg;
    struct slot *slot = find(tid);

    if (is_own(tid) || (!slot && gone_lately(tid, now_ns)))
        return;
    if (!slot) {
        char name[32];

        sigprof__os_thread_name(tid, name, sizeof name);
        slot = known_locked(tid, 0, name, false);
    }
    if (slot)
        slot->seen = true;
}

/* What the sweep learns of a thread that it has found alive. */
static void look_at(struct slot *slot)
{
    if (atomic_load(&sigprof__state.phase) == PHASE_ON &&
        sigprof__clock_used(slot->tid, &slot->cpu_last_ns) == 0)
        sigprof__weigh(slot);
    if (slot->named)
        return;
    slot->named = true;
    ask_name(slot);
}

struct others {
    uint64_t now_ns;
    int self;
    bool any;
};

static void look_for_other(int tid, void *arg)
{
    struct others *others = arg;

    if (tid != others->self && !is_own(tid) &&
        !gone_lately(tid, others->now_ns) && !sigprof__os_thread_ended(tid))
        others->any = true;
}

/* Does the process end with the calling thread? The C library asks the same, but
 * counts our drain, and would wait for it for ever. */
bool sigprof__thread_is_last(void)
{
    struct others others = {sigprof__os_now_ns(), sigprof__os_tid(), false};
    bool none;

    sigprof__threads_lock();
    none = sigprof__accounts_live() == 0 &&
           sigprof__os_thread_list(look_for_other, &others) == 0 && !others.any;
    sigprof__threads_unlock();
    return none;
}

void sigprof__thread_begin_self(uintptr_t start_routine, const char *name)
{
    struct slot *slot;
    uintptr_t low = 0, high = 0;
    char system_name[sizeof slot->name];

    sigprof__os_thread_make_ready();
    /* A flight recorder has no drain that asks for it later. */
    if (!name && sigprof__session.config.mode == SIGPROF_MODE_FLIGHT) {
        sigprof__os_thread_name(sigprof__os_tid(), system_name,
                                sizeof system_name);
        name = system_name;
    }
    slot = sigprof__thread_known(sigprof__os_tid(), start_routine, name,
                                 name && name != system_name);
    self = slot;
    if (slot) {
        atomic_store(&slot->wall.label_at, (uintptr_t)&sigprof__label);
        atomic_store(&slot->wall.guest_at, (uintptr_t)&sigprof__guest);
    }
    sigprof__thread_end_watch();
    if (!slot || sigprof__os_stack_self(&low, &high) != 0)
        return;
    atomic_store(&slot->stack_high, high);
    atomic_store(&slot->stack_low, low);
}

/* ---- Sweeps and clocks --------------------------------------------------- */

void sigprof__threads_sweep(void)
{
    uint64_t now_ns = sigprof__os_now_ns();

    sigprof__threads_lock();
    for (uint32_t i = 0; i < slots_made; i++)
        slot_at(i)->seen = false;
    if (atomic_load(&sigprof__state.phase) != PHASE_OFF &&
        sigprof__os_thread_list(sweep_visit, &now_ns) == 0)
        for (uint32_t i = 0; i < slots_made; i++) {
            struct slot *slot = slot_at(i);

            if (!slot_is_live(slot))
                continue;
            if (slot->seen)
                look_at(slot);
            else
                settle(slot, FORMAT_EXIT_ENDED);
        }
    sigprof__os_threads_swept();
    sigprof__threads_unlock();
}

static bool has_run(struct slot *slot)
{
    return atomic_load(&slot->samples) > 0 ||
           slot->cpu_last_ns - slot->cpu_at_start_ns >= sigprof__state.period_ns;
}

/* Of a thread without a tick the sweep reads the clock. */
static void weigh(struct slot *slot)
{
    if (atomic_load(&slot->periods) != slot->weighed_periods &&
        sigprof__os_thread_cpu_ns(slot->tid, &slot->cpu_last_ns) == 0)
        sigprof__weigh(slot);
    if (has_run(slot))
        sigprof__clock_improve(slot);
}

void sigprof__threads_weigh(void)
{
    sigprof__threads_lock();
    if (atomic_load(&sigprof__state.phase) == PHASE_ON &&
        atomic_load(&sigprof__state.clock) != SIGPROF_CLOCK_WALL)
        for (uint32_t i = 0; i < slots_made; i++)
            if (slot_is_live(slot_at(i)))
                weigh(slot_at(i));
    sigprof__threads_unlock();
}

int sigprof__threads_arm(void)
{
    int error = sigprof__clock_begin();

    if (error)
        return error;
    sigprof__threads_lock();
    atomic_store(&sigprof__state.phase, PHASE_ON);
    for (uint32_t i = 0; i < slots_made && !error; i++)
        if (slot_is_live(slot_at(i)))
            error = arm(slot_at(i));
    sigprof__threads_unlock();
    return error;
}

void sigprof__threads_disarm(int phase)
{
    sigprof__threads_lock();
    for (uint32_t i = 0; i < slots_made; i++) {
        struct slot *slot = slot_at(i);

        if (!slot_is_live(slot))
            continue;
        sigprof__clock_disarm(slot, false);
        sigprof__clock_used(slot->tid, &slot->cpu_last_ns);
    }
    atomic_store(&sigprof__state.phase, phase);
    sigprof__threads_unlock();
    sigprof__clock_end();
}

void sigprof__threads_disarm_all_locked(void)
{
    for (uint32_t i = 0; i < slots_made; i++)
        if (slot_is_live(slot_at(i)))
            sigprof__clock_disarm(slot_at(i), true);
}

void sigprof__threads_end(void)
{
    sigprof__threads_lock();
    for (uint32_t i = 0; i < slots_made; i++)
        if (slot_is_live(slot_at(i)))
            settle(slot_at(i), sigprof__account_cause_now(slot_at(i)));
    sigprof__threads_unlock();
}

void sigprof__threads_after_fork(void)
{
    for (uint32_t i = 0; i < slots_made; i++) {
        struct slot *slot = slot_at(i);

        if (slot_is_live(slot))
            slot_hash_remove(slot->tid);
        atomic_store(&slot->inside, 0);
        atomic_store(&slot->life, SLOT_FREE);
    }
    self = NULL;
}

/* A handler is out within microseconds, unless its thread lost the CPU. */
bool sigprof__threads_synchronize(unsigned max_ms)
{
    static const struct timespec nap = {0, 200000};
    uint64_t until_ns = sigprof__os_now_ns() + max_ms * (uint64_t)1000000;

    /* no slot: sampling has never been on */
    if (slots_made && !sigprof__os_barrier())
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    while (atomic_load(&sigprof__handlers_inside)) {
        if (sigprof__os_now_ns() > until_ns)
            return false;
        nanosleep(&nap, NULL);
    }
    for (uint32_t i = 0; i < slots_made; i++) {
        while (atomic_load(&slot_at(i)->inside)) {
            if (sigprof__os_now_ns() > until_ns)
                return false;
            nanosleep(&nap, NULL);
        }
    }
    return true;
}
