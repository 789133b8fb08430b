/* SPDX-License-Identifier: BSD-2-Clause */
/* The slot table, ordinary code's side. Theory: threads.h; the handler's side:
 * threads-signal.c. */
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
#include "threads-table.h"
#include "toggle.h"
#include "weigh.h"

/* A thread that has told its end is in the system's list a little longer. */
#define GONE_KEPT 1024
#define GONE_FOR_NS 2000000000u

static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t random_state;
static struct thread_totals past; /* of threads that are gone */
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
    memset(&past, 0, sizeof past);
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
        past.threads++;
        past.live++;
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
                                  RING_SPARE_BLOCKS + (uint32_t)past.live);
    }
    sigprof__threads_unlock();
    return slot;
}

static int64_t unsampled_ns(struct slot *slot)
{
    return (int64_t)(slot->cpu_last_ns - slot->cpu_at_start_ns) -
           (int64_t)(sigprof__slot_periods(slot) * sigprof__state.period_ns);
}

static void add_totals(struct thread_totals *totals, struct slot *slot,
                       unsigned cause)
{
    int64_t unsampled = unsampled_ns(slot);

    totals->cpu_ns += slot->cpu_last_ns - slot->cpu_at_start_ns;
    totals->samples += atomic_load(&slot->samples);
    totals->periods += atomic_load(&slot->periods);
    totals->kernel_ns +=
        (int64_t)(slot->kernel_periods * sigprof__state.period_ns);
    if (cause == FORMAT_EXIT_ENDED)
        totals->exit_ns += unsampled;
    else if (cause == FORMAT_EXIT_BLOCKED)
        totals->blocked_ns += unsampled;
    else
        totals->running_ns += unsampled;
}

/* Did most of what no sample stands for pass while it blocked SIGPROF? */
static bool was_blocked(struct slot *slot)
{
    uint64_t ns = slot->wall.blocked * sigprof__state.period_ns;

    return ns > 0 && 2 * (int64_t)ns > unsampled_ns(slot);
}

/* A thread that ended without a word took its clock along: what it was last seen
 * to have used, or what its samples stand for, is the best that is known. */
static void use_sampled_cpu(struct slot *slot)
{
    uint64_t sampled_ns = slot->cpu_at_start_ns +
                          sigprof__slot_periods(slot) * sigprof__state.period_ns;

    if (slot->cpu_last_ns < sampled_ns)
        slot->cpu_last_ns = sampled_ns;
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
        use_sampled_cpu(slot);
    sigprof__weigh_end(slot, cause == FORMAT_EXIT_BLOCKED);
    ask_name(slot);
    if (was_blocked(slot))
        cause = FORMAT_EXIT_BLOCKED;
    drop_deferred(slot);
    sigprof__event_exit(slot->tid, slot->cpu_last_ns - slot->cpu_at_start_ns,
                        sigprof__slot_periods(slot), cause);
    add_totals(&past, slot, cause);
    past.live--;
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
    none = past.live == 0 &&
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

static bool is_live(struct slot *slot)
{
    return atomic_load(&slot->life) == SLOT_LIVE;
}

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

            if (!is_live(slot))
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
            if (is_live(slot_at(i)))
                weigh(slot_at(i));
    sigprof__threads_unlock();
}

/*
 * The control block of a thread lies at the top of its stack, and stays mapped
 * as long as the thread lives: a stack pointer in the same mapping, below it, is
 * on that stack. The main thread's stack has a name. Other stacks (coroutines)
 * may be unmapped at any moment and stay unknown, unless they are declared.
 */
static void resolve_stack(struct slot *slot, uintptr_t sp)
{
    uintptr_t top = atomic_load(&slot->thread_pointer);
    uintptr_t low, high;

    if (sigprof__os_stack_main(&low, &high) == 0 && sp >= low && sp < high) {
        atomic_store(&slot->stack_high, high);
        atomic_store(&slot->stack_low, low);
    } else if (top && sigprof__os_mapping(sp, &low, &high) == 0 && sp < top &&
               top < high) {
        atomic_store(&slot->stack_high, top);
        atomic_store(&slot->stack_low, low);
    }
}

void sigprof__threads_resolve_stacks(void)
{
    sigprof__threads_lock();
    for (uint32_t i = 0; i < slots_made; i++) {
        struct slot *slot = slot_at(i);
        uintptr_t sp;

        if (is_live(slot) && !atomic_load(&slot->stack_low) &&
            (sp = atomic_exchange(&slot->unknown_sp, 0)))
            resolve_stack(slot, sp);
    }
    sigprof__threads_unlock();
}

/* CPU time used while paused is the pause's, not the thread's. */
static void end_pause(struct slot *slot)
{
    uint64_t now_ns;

    if (sigprof__clock_used(slot->tid, &now_ns) != 0)
        return;
    past.paused_ns += now_ns - slot->cpu_last_ns;
    slot->cpu_at_start_ns += now_ns - slot->cpu_last_ns;
    slot->cpu_weighed_ns += now_ns - slot->cpu_last_ns;
    slot->cpu_last_ns = now_ns;
}

void sigprof__threads_end_pause(void)
{
    sigprof__threads_lock();
    for (uint32_t i = 0; i < slots_made; i++)
        if (is_live(slot_at(i)))
            end_pause(slot_at(i));
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
        if (is_live(slot_at(i)))
            error = arm(slot_at(i));
    sigprof__threads_unlock();
    return error;
}

void sigprof__threads_disarm(int phase)
{
    sigprof__threads_lock();
    for (uint32_t i = 0; i < slots_made; i++) {
        struct slot *slot = slot_at(i);

        if (!is_live(slot))
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
        if (is_live(slot_at(i)))
            sigprof__clock_disarm(slot_at(i), true);
}

/* The calling thread blocks every signal, for our sake (guard.h). */
static bool is_blocking(struct slot *slot)
{
    return slot->tid == sigprof__os_tid() ? slot->blocked
                                          : sigprof__os_thread_blocks(slot->tid);
}

/* Being caught between two ticks costs under a period; more has a reason. The
 * sampler has asked already. */
static unsigned cause_now(struct slot *slot)
{
    if (was_blocked(slot))
        return FORMAT_EXIT_BLOCKED;
    return !sigprof__clock_is_sampler(atomic_load(&sigprof__state.clock)) &&
                   unsampled_ns(slot) > 3 * (int64_t)sigprof__state.period_ns &&
                   is_blocking(slot)
               ? FORMAT_EXIT_BLOCKED
               : FORMAT_EXIT_RUNNING;
}

void sigprof__threads_end(void)
{
    sigprof__threads_lock();
    for (uint32_t i = 0; i < slots_made; i++)
        if (is_live(slot_at(i)))
            settle(slot_at(i), cause_now(slot_at(i)));
    sigprof__threads_unlock();
}

void sigprof__threads_after_fork(void)
{
    for (uint32_t i = 0; i < slots_made; i++) {
        struct slot *slot = slot_at(i);

        if (is_live(slot))
            slot_hash_remove(slot->tid);
        atomic_store(&slot->inside, 0);
        atomic_store(&slot->life, SLOT_FREE);
    }
    self = NULL;
}

void sigprof__threads_totals(struct thread_totals *totals,
                             bool look_for_blocked)
{
    sigprof__threads_lock();
    *totals = past;
    for (uint32_t i = 0; i < slots_made; i++) {
        struct slot *slot = slot_at(i);
        uint64_t now_ns;

        if (!is_live(slot))
            continue;
        if (atomic_load(&sigprof__state.phase) == PHASE_ON)
            sigprof__clock_used(slot->tid, &slot->cpu_last_ns);
        else if (sigprof__clock_used(slot->tid, &now_ns) == 0)
            totals->paused_ns += now_ns - slot->cpu_last_ns;
        add_totals(totals, slot,
                   look_for_blocked ? cause_now(slot) : FORMAT_EXIT_RUNNING);
    }
    sigprof__threads_unlock();
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
