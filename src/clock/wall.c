/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wall clock's sampler. Theory: wall.h.
 *
 * Ticks are numbered by the elapsed time, so one that comes late is charged for
 * those it has missed. Threads wait in lists by the tick at which they are to be
 * looked at next: a tick touches those, and no other.
 *
 * What the sampler has to put into the ring goes into blocks of its own, which hold
 * records of many threads: a block for each sleeper would be the whole ring.
 */
#include "clock/wall.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "clock/clock.h"
#include "drain.h"
#include "labels.h"
#include "os/os.h"
#include "os/regs.h"
#include "sigprof_impl.h"
#include "threads-table.h"

#define LISTS 32u       /* a power of two above LOOKS_APART */
#define LOOKS_APART 16u /* a burst after a long sleep is seen this many ticks late */
#define STILL_SHARE 4u  /* looks are this part of the sleep so far apart */
#define BATCH 32u       /* threads looked at before others may have the lock */
#define ASK_AGAIN 16u   /* looks after which an unanswered signal gets a reason */
#define SIGNAL_NS 200000u /* CPU time of a handler and what it wakes, and more */
#define PC_BYTES 4u /* a call that is begun again is begun at its instruction */

/* threads_lock */
static struct slot *due[LISTS];
static struct slot *todo; /* of the list that is being worked off */
static uint32_t sent; /* signals, in this tick */
static uint64_t done; /* the latest tick that was worked off */
static uint64_t origin_ns; /* of tick 0 */
static struct ring_owner block = {.mixed = true};
static ucontext_t registers; /* of the sleeper that is being walked */

static _Atomic int sampler_tid;

/* wake_lock; taken by nobody who holds another lock but control_lock */
static pthread_mutex_t wake_lock;
static pthread_cond_t wake;
static bool stop;
static bool ready; /* the sampler's tid is known: nobody takes it for the program's */

/* control_lock */
static pthread_t sampler;
static bool running;
static uint64_t sampler_used_ns; /* CPU time, when it has ended */

int sigprof__wall_tid(void)
{
    return atomic_load(&sampler_tid);
}

uint64_t sigprof__wall_own_ns(void)
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

/* ---- Who is to be looked at when ----------------------------------------- */

static void unlink_slot(struct slot *slot)
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

/* ---- What is put into the ring -------------------------------------------- */

static uint32_t owed(const struct wall_account *wall)
{
    uint32_t periods = 0;

    for (unsigned state = 0; state < WALL_STATES; state++)
        periods += atomic_load(&wall->owed[state]);
    return periods;
}

static void forget_owed(struct wall_account *wall)
{
    for (unsigned state = 0; state < WALL_STATES; state++)
        atomic_store(&wall->owed[state], 0);
}

/* The slot was entered. */
static void put(struct slot *slot, unsigned state, uint32_t periods)
{
    if (periods)
        sigprof__sample_put(slot, &block,
                            &(struct sample_facts){slot->wall.label, periods,
                                                   (uint8_t)state, false, 0});
}

/* The slot was entered. */
static void put_owed(struct slot *slot)
{
    for (unsigned state = 0; state < WALL_STATES; state++)
        put(slot, state, atomic_exchange(&slot->wall.owed[state], 0));
}

/* The sleep that was charged so far, before its stack is another's. */
static void put_repeats(struct slot *slot)
{
    struct wall_account *wall = &slot->wall;
    uint32_t periods = wall->repeats;

    wall->repeats = 0;
    if (!periods)
        return;
    if (!sigprof__slot_enter(slot)) {
        sigprof__ring_count_drop(&sigprof__state.ring, RING_DROP_BUSY, periods,
                                 sigprof__os_now_ns());
        return;
    }
    put(slot, FORMAT_STATE_SLEEPING, periods);
    sigprof__slot_leave(slot);
}

/* Once a second, so that views by time are right, and a kill costs no more. */
static void repeat(struct slot *slot, uint32_t periods)
{
    slot->wall.repeats += periods;
    if (slot->wall.repeats >= sigprof__session.config.hz)
        put_repeats(slot);
}

/* ---- A stack from outside -------------------------------------------------- */

/* The label that the thread's samples carry; false: nobody knows. */
static bool find_label(struct slot *slot)
{
    uintptr_t at = atomic_load(&slot->wall.label_at);

    slot->wall.label = 0;
    return !sigprof__labels_exist() ||
           (at && sigprof__os_read_memory(at, &slot->wall.label,
                                          sizeof slot->wall.label) ==
                      sizeof slot->wall.label);
}

/* A guest's frames are for the thread itself to list. */
static bool may_run_guest(struct slot *slot)
{
    uintptr_t at = atomic_load(&slot->wall.guest_at), guest = 0;

    return atomic_load(&sigprof__guests_exist) &&
           (!at ||
            sigprof__os_read_memory(at, &guest, sizeof guest) != sizeof guest ||
            guest != 0);
}

/* Nothing is read directly: the thread may wake, and end, at any moment. */
static bool walk(struct slot *slot, uintptr_t pc, uintptr_t sp)
{
    struct unwind_walk walk = {.ucontext = &registers,
                               .may_call_system = true,
                               .stack = &slot->stack};

    regs_asleep(&registers, pc, sp);
    sigprof__unwind_cfi(&walk);
    sigprof__slot_result(slot, &slot->stack);
    slot->owner.continues = false; /* the handler's next record is whole */
    if (sp - atomic_load(&slot->stack_low) <
        atomic_load(&slot->stack_high) - atomic_load(&slot->stack_low))
        slot->stack.end &= (uint8_t)~FORMAT_END_UNKNOWN_STACK;
    return (slot->stack.end & ~FORMAT_END_UNKNOWN_STACK) == FORMAT_END_COMPLETE;
}

/* The stack of a thread that slept at pc and sp when its CPU clock stood at cpu_ns:
 * it is right if the clock still does. */
static bool sample_from_outside(struct slot *slot, uintptr_t pc, uintptr_t sp,
                                uint64_t cpu_ns)
{
    uint64_t now_ns;
    bool good;

    if (sigprof__state.unwind != sigprof__unwind_cfi ||
        !atomic_load(&sigprof__state.may_call_system) || !find_label(slot) ||
        may_run_guest(slot) || !sigprof__slot_enter(slot))
        return false;
    good = walk(slot, pc, sp) &&
           sigprof__os_thread_cpu_ns(slot->tid, &now_ns) == 0 &&
           now_ns == cpu_ns;
    if (good) {
        put_owed(slot);
        atomic_store(&slot->wall.stack, WALL_STACK_SEEN);
    }
    sigprof__slot_leave(slot);
    return good;
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
    wall->blocked += owed(wall);
    forget_owed(wall);
}

static void ask(struct slot *slot)
{
    if (atomic_load(&slot->wall.signalled))
        look_for_block(slot);
    else
        send(slot);
}

/* ---- A look ----------------------------------------------------------------- */

/* Has it run for no longer than a handler and its way back to sleep take? */
static bool ran_for_us(uint64_t ran_ns)
{
    return ran_ns < SIGNAL_NS && ran_ns < sigprof__state.period_ns / 4;
}

/* Does it sleep where its handler found it? asleep, pc, sp: of os_thread_asleep. */
static bool is_back(const struct wall_account *wall, int asleep, uintptr_t pc,
                    uintptr_t sp, uint64_t ran_ns)
{
    if (asleep != 0)
        return asleep == ENOTSUP && ran_for_us(ran_ns);
    return sp == atomic_load(&wall->sp) &&
           pc - atomic_load(&wall->pc) + PC_BYTES <= 2 * PC_BYTES;
}

/* What it did on its way back is the same stack's, which is right as long as its
 * clock stands at cpu_ns. settled: that was read behind the handler's end. */
static void take_as_seen(struct slot *slot, uint64_t cpu_ns, bool settled)
{
    find_label(slot);
    if (!sigprof__slot_enter(slot))
        return;
    put_owed(slot);
    if (settled) {
        slot->wall.cpu_ns = cpu_ns;
        atomic_store(&slot->wall.stack, WALL_STACK_SEEN);
    }
    sigprof__slot_leave(slot);
}

/* Of so many periods, those for which its CPU clock has moved on since that was last
 * asked. What is left of one, or is too much here, counts the next time. */
static uint32_t periods_run(struct wall_account *wall, uint64_t cpu_ns,
                            uint32_t periods)
{
    int64_t period_ns = (int64_t)sigprof__state.period_ns;
    int64_t ran = ((int64_t)(cpu_ns - wall->run_ns) + period_ns / 2) / period_ns;

    ran = ran < 0 ? 0 : ran < periods ? ran : periods;
    wall->run_ns += (uint64_t)(ran * period_ns);
    return (uint32_t)ran;
}

/* A thread that is found asleep has a stack for that, and none for what it ran
 * before: that counts when it is next found to run. asleep: of os_thread_asleep. */
static void charge(struct slot *slot, uint32_t periods, uint64_t cpu_ns,
                   int asleep)
{
    struct wall_account *wall = &slot->wall;
    uint32_t ran = asleep == 0 ? 0 : periods_run(wall, cpu_ns, periods);
    uint32_t rest = periods - ran;

    atomic_fetch_add(&wall->owed[FORMAT_STATE_RUNNING], ran);
    if (atomic_load(&wall->stack) == WALL_STACK_SEEN) {
        uint32_t before = asleep == 0 ? rest / 2 : rest;

        repeat(slot, before);
        rest -= before;
    }
    atomic_fetch_add(&wall->owed[asleep == EAGAIN ? FORMAT_STATE_WAITING
                                                  : FORMAT_STATE_SLEEPING],
                     rest);
}

/* The thread has no stack for what it does now. */
static void find_stack(struct slot *slot, uint32_t periods, uint64_t cpu_ns,
                       bool ran)
{
    struct wall_account *wall = &slot->wall;
    uint64_t ran_ns = cpu_ns - wall->cpu_ns;
    uintptr_t pc = 0, sp = 0;
    int asleep = sigprof__os_thread_asleep(slot->tid, &pc, &sp);
    bool handled = atomic_load(&wall->stack) == WALL_STACK_HANDLED;

    charge(slot, periods, cpu_ns, asleep);
    if (handled && is_back(wall, asleep, pc, sp, ran_ns)) {
        take_as_seen(slot, cpu_ns, ran);
        return;
    }
    if (handled && ran_for_us(ran_ns))
        return; /* it is on its way back, or will have moved by the next look */
    wall->cpu_ns = cpu_ns;
    put_repeats(slot);
    atomic_store(&wall->stack, WALL_STACK_NONE);
    if (asleep != 0 || !sample_from_outside(slot, pc, sp, cpu_ns))
        ask(slot);
}

/* Charges a thread for the time since the last look. false: it has ended. */
static bool look(struct slot *slot, uint32_t tick)
{
    struct wall_account *wall = &slot->wall;
    uint32_t periods = tick - wall->looked;
    uint64_t cpu_ns;
    bool ran;

    if ((int32_t)periods <= 0)
        return true; /* it came, or was looked at, while this tick was late */
    if (sigprof__os_thread_cpu_ns(slot->tid, &cpu_ns) != 0)
        return false;
    ran = cpu_ns != wall->cpu_ns;
    wall->looked = tick;
    wall->still = ran ? 0 : wall->still + periods;
    if (atomic_load(&wall->stack) == WALL_STACK_SEEN && !ran)
        repeat(slot, periods);
    else
        find_stack(slot, periods, cpu_ns, ran);
    return true;
}

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
        unlink_slot(slot);
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
    struct timespec until = {(time_t)(at_ns / 1000000000u),
                             (long)(at_ns % 1000000000u)};
    bool go_on;

    pthread_mutex_lock(&wake_lock);
    while (!stop && pthread_cond_timedwait(&wake, &wake_lock, &until) == 0)
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

bool sigprof__wall_is_start(void *(*start)(void *))
{
    return start == sample;
}

static void make_wake(void)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&wake_lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void wait_until_ready(void)
{
    pthread_mutex_lock(&wake_lock);
    while (!ready)
        pthread_cond_wait(&wake, &wake_lock);
    pthread_mutex_unlock(&wake_lock);
}

/* The first tick comes at a random moment: so do all of them, for the program. */
static int begin(void)
{
    uint64_t random;

    sigprof__os_random(&random, sizeof random);
    make_wake();
    stop = false;
    ready = false;
    sigprof__threads_lock();
    origin_ns = sigprof__os_now_ns() - random % sigprof__state.period_ns;
    done = 0;
    block = (struct ring_owner){.mixed = true};
    sigprof__threads_unlock();
    running = sigprof__drain_spawn(&sampler, sample) == 0;
    if (running)
        wait_until_ready();
    return running ? 0 : SIGPROF_ETHREAD;
}

static void end(void)
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
    sigprof__ring_release(&sigprof__state.ring, &block);
    sigprof__threads_unlock();
    running = false;
}

void sigprof__wall_retire(void)
{
    end();
}

static int arm(struct slot *slot, uint64_t first_ns)
{
    struct wall_account *wall = &slot->wall;

    (void)first_ns; /* ticks are the same for all, and a birth is at random */
    forget_owed(wall);
    atomic_store(&wall->stack, WALL_STACK_NONE);
    wall->cpu_ns = 0;
    sigprof__os_thread_cpu_ns(slot->tid, &wall->cpu_ns);
    wall->run_ns = wall->cpu_ns;
    wall->looked = (uint32_t)tick_of(sigprof__os_now_ns());
    wall->still = 0;
    wall->repeats = 0;
    wall->armed = true;
    link_slot(slot, wall->looked + 1);
    return 0;
}

/* Does the slot's stack hold good for a sleep after the last look? */
static bool slept_on(const struct wall_account *wall, uint64_t cpu_ns)
{
    int stack = atomic_load(&wall->stack);

    return stack == WALL_STACK_SEEN ||
           (stack == WALL_STACK_HANDLED && ran_for_us(cpu_ns - wall->cpu_ns));
}

/* From the last look to the end, at which it may have woken to end itself. */
static void charge_end(struct slot *slot)
{
    struct wall_account *wall = &slot->wall;
    uint32_t periods =
        (uint32_t)tick_of(sigprof__os_now_ns()) - wall->looked;
    uint32_t ran;
    uintptr_t pc, sp;
    uint64_t cpu_ns;
    bool waits;

    if ((int32_t)periods <= 0 ||
        sigprof__os_thread_cpu_ns(slot->tid, &cpu_ns) != 0)
        return;
    ran = periods_run(wall, cpu_ns, periods);
    atomic_fetch_add(&wall->owed[FORMAT_STATE_RUNNING], ran);
    if (slept_on(wall, cpu_ns)) {
        if (atomic_load(&wall->stack) == WALL_STACK_HANDLED)
            find_label(slot);
        wall->repeats += periods - ran;
        return;
    }
    waits = sigprof__os_thread_asleep(slot->tid, &pc, &sp) == EAGAIN;
    atomic_fetch_add(&wall->owed[waits ? FORMAT_STATE_WAITING
                                       : FORMAT_STATE_SLEEPING],
                     periods - ran);
}

/* What is owed when no handler will come any more: its states are known. */
static void put_without_stack(struct slot *slot)
{
    struct wall_account *wall = &slot->wall;

    if (atomic_load(&wall->signalled) && wall->blocked) {
        wall->blocked += owed(wall);
        forget_owed(wall);
    }
    if (!owed(wall))
        return;
    if (!sigprof__slot_enter(slot)) {
        sigprof__ring_count_drop(&sigprof__state.ring, RING_DROP_BUSY,
                                 owed(wall), sigprof__os_now_ns());
        forget_owed(wall);
        return;
    }
    slot->owner.continues = false;
    sigprof__slot_result(slot, &slot->stack);
    slot->stack.top = slot->stack.capacity;
    slot->stack.shared = 0;
    slot->stack.end = FORMAT_END_NO_RULE;
    put_owed(slot);
    sigprof__slot_leave(slot);
}

/* A sleeper is charged up to its end; what else is owed has no stack. */
static void disarm(struct slot *slot, bool forever)
{
    struct wall_account *wall = &slot->wall;

    (void)forever;
    if (!wall->armed)
        return;
    unlink_slot(slot);
    charge_end(slot);
    put_repeats(slot);
    put_without_stack(slot);
    wall->armed = false;
}

void sigprof__wall_after_fork(void)
{
    todo = NULL;
    memset(due, 0, sizeof due);
    atomic_store(&sampler_tid, 0);
    running = false;
}

const struct clock_ops sigprof__wall = {begin, end, arm, disarm};
