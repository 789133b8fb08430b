/* SPDX-License-Identifier: BSD-2-Clause */
/* The wall clock, the sampler's side. Theory: wall.h. */
#include "clock/wall.h"

#include <errno.h>
#include <time.h>

#include "clock/clock.h"
#include "clock/sampler.h"
#include "labels.h"
#include "modules.h"
#include "os/os.h"
#include "os/regs.h"
#include "sigprof_impl.h"
#include "threads-table.h"

#define SIGNAL_NS 200000u /* CPU time of a handler and what it wakes, and more */
#define PC_BYTES 4u /* a call that is begun again is begun at its instruction */

static struct regs_made registers; /* of the sleeper that is being walked; threads_lock */

/* ---- What is put into the ring -------------------------------------------- */

/* The slot was entered. */
static void put(struct slot *slot, unsigned state, uint32_t periods)
{
    if (periods)
        sigprof__sample_put(slot, &sigprof__sampler_block,
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

/* Is pc in a C library that tells nothing of its frames, as musl is? A signal would
 * break the sleep, and its handler guess no better. */
static bool is_guess_anyway(uintptr_t pc)
{
    const struct module_snapshot *snapshot = sigprof__modules();
    const struct module *module = sigprof__module_find(snapshot, pc);

    return module && !sigprof__unwind_has_rule(module, pc) &&
           module == sigprof__module_find(snapshot, (uintptr_t)clock_gettime);
}

/* Nothing is read directly: the thread may wake, and end, at any moment. */
static bool walk(struct slot *slot, uintptr_t pc, uintptr_t sp)
{
    struct unwind_walk walk = {.ucontext = &registers.context,
                               .may_call_system = true,
                               .stack = &slot->stack};

    regs_asleep(&registers, pc, sp);
    sigprof__unwind_cfi(&walk);
    sigprof__slot_result(slot, &slot->stack);
    slot->owner.continues = false; /* the handler's next record is whole */
    if (sp - atomic_load(&slot->stack_low) <
        atomic_load(&slot->stack_high) - atomic_load(&slot->stack_low))
        slot->stack.end &= (uint8_t)~FORMAT_END_UNKNOWN_STACK;
    return (slot->stack.end & FORMAT_END_REASON_MASK) == FORMAT_END_COMPLETE &&
           (!(slot->stack.end & FORMAT_END_GUESSED) ||
            is_guess_anyway(pc));
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

/* It sleeps elsewhere than its handler found it, after a call that the signal broke.
 * If its clock stands from one look to the next, it was not on its way back. */
static bool has_moved(struct wall_account *wall, int asleep, uint64_t cpu_ns)
{
    bool moved = asleep == 0 && cpu_ns == wall->elsewhere_ns;

    wall->elsewhere_ns = asleep == 0 ? cpu_ns : 0;
    return moved;
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
    if (handled && !has_moved(wall, asleep, cpu_ns) && ran_for_us(ran_ns))
        return; /* it is on its way back, or the next look will tell */
    wall->cpu_ns = cpu_ns;
    put_repeats(slot);
    atomic_store(&wall->stack, WALL_STACK_NONE);
    if (asleep != 0 || !sample_from_outside(slot, pc, sp, cpu_ns))
        sigprof__sampler_ask(slot);
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

static int begin(void)
{
    return sigprof__sampler_begin(look);
}

static int arm(struct slot *slot, uint64_t first_ns)
{
    struct wall_account *wall = &slot->wall;

    (void)first_ns; /* ticks are the same for all, and a birth is at random */
    sigprof__sampler_forget_owed(wall);
    atomic_store(&wall->stack, WALL_STACK_NONE);
    wall->cpu_ns = 0;
    sigprof__os_thread_cpu_ns(slot->tid, &wall->cpu_ns);
    wall->run_ns = wall->cpu_ns;
    wall->looked = sigprof__sampler_tick();
    wall->still = 0;
    wall->elsewhere_ns = 0;
    wall->repeats = 0;
    wall->armed = true;
    sigprof__sampler_add(slot);
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
        sigprof__sampler_tick() - wall->looked;
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
        wall->blocked += sigprof__sampler_owed(wall);
        sigprof__sampler_forget_owed(wall);
    }
    if (!sigprof__sampler_owed(wall))
        return;
    if (!sigprof__slot_enter(slot)) {
        sigprof__ring_count_drop(&sigprof__state.ring, RING_DROP_BUSY,
                                 sigprof__sampler_owed(wall), sigprof__os_now_ns());
        sigprof__sampler_forget_owed(wall);
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
    sigprof__sampler_remove(slot);
    charge_end(slot);
    put_repeats(slot);
    put_without_stack(slot);
    wall->armed = false;
}

const struct clock_ops sigprof__wall = {begin, sigprof__sampler_end, arm, disarm};
