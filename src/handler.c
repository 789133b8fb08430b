/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SIGPROF handler: root of all code that runs inside a signal.
 *
 * What may be called from here is a list that a test holds against the objects
 * (tests/signal/allow-list.txt). No lock, no allocation, no wait, no system call
 * on the normal path; under 1 KiB of stack.
 *
 * Every signal is blocked while it runs: so it is not entered twice in a thread,
 * and no handler of the program's can jump out of it.
 */
#include "sigprof_impl.h"

#include <errno.h>
#include <stddef.h>

#include "clock/clock.h"
#include "clock/realprof.h"
#include "foreign.h"
#include "labels.h"
#include "os/os.h"
#include "os/regs.h"
#include "probes.h"
#include "threads.h"

struct sigprof__state sigprof__state;
struct sigprof__record_clock sigprof__record_clock = {true};
__thread struct sample_point sigprof__point
    __attribute__((tls_model("initial-exec")));

static void fill_walk(struct unwind_walk *walk, struct slot *slot,
                      const void *ucontext)
{
    walk->ucontext = ucontext;
    walk->thread.low =
        atomic_load_explicit(&slot->stack_low, memory_order_relaxed);
    walk->thread.high =
        atomic_load_explicit(&slot->stack_high, memory_order_relaxed);
    walk->declared = sigprof__stacks_declared();
    walk->may_call_system = atomic_load_explicit(
        &sigprof__state.may_call_system, memory_order_relaxed);
    walk->stack = &slot->stack;
}

/* Asks the drain, once, which stack this thread is on. */
static void ask_for_stack(struct slot *slot, const void *ucontext)
{
    if (atomic_load_explicit(&slot->stack_low, memory_order_relaxed))
        return;
    atomic_store_explicit(&slot->thread_pointer, sigprof__os_thread_pointer(),
                          memory_order_relaxed);
    atomic_store_explicit(&slot->unknown_sp, regs_sp(ucontext),
                          memory_order_release);
}

/* Nobody else writes this counter: no locked instruction is needed. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_store_explicit(
        counter,
        atomic_load_explicit(counter, memory_order_relaxed) + amount,
        memory_order_relaxed);
}

bool sigprof__point_defers(void)
{
    if (!sigprof__point.defers || sigprof__point.here)
        return false;
    sigprof__point.pending = true;
    return true;
}

/* The frames that lead from the hook to here are the library's. */
static void leave_out_own(struct unwind_stack *stack)
{
    while (stack->top < stack->capacity - 1) {
        const struct unwind_frame *frame = &stack->frame[stack->top];
        uintptr_t at =
            frame->flags == UNWIND_ELEMENT ? frame->fp : frame->sp;

        if (at > sigprof__point.here)
            break;
        stack->top++;
    }
    if (stack->shared > stack->capacity - stack->top)
        stack->shared = stack->capacity - stack->top;
}

/* The leaf is the place of the C library's where it had the context made. */
static void mark_deferred(struct unwind_stack *stack)
{
    stack->frame[stack->top].pc = FORMAT_MARK_DEFERRED;
    stack->frame[stack->top].flags = 0; /* which the next walk does not meet */
    if (stack->shared == stack->capacity - stack->top)
        stack->shared--;
}

void sigprof__sample_walk(struct slot *slot, const void *ucontext)
{
    struct unwind_walk walk;

    fill_walk(&walk, slot, ucontext);
    ask_for_stack(slot, ucontext);
    sigprof__state.unwind(&walk);
    if (regs_is_deferred(ucontext))
        mark_deferred(&slot->stack);
    if (sigprof__point.here)
        leave_out_own(&slot->stack);
    sigprof__slot_result(slot, sigprof__guest_stack(&slot->guests, &walk));
}

void sigprof__sample_put(struct slot *slot, struct ring_owner *owner,
                         const struct sample_facts *facts)
{
    const struct unwind_stack *stack = slot->result;
    struct ring *ring = &sigprof__state.ring;
    struct ring_record header = {.end = stack->end,
                                 .state = facts->state,
                                 .weight = facts->weight,
                                 .label = facts->label,
                                 .time_ns = sigprof__record_ns()};

    uint32_t weight = facts->beside ? 0 : facts->weight;

    if (facts->lag_ns)
        header.state |= RING_LATE;
    if (sigprof__ring_append(ring, owner, slot->tid, stack, &header,
                             facts->lag_ns)) {
        add(&slot->samples, !facts->beside);
        PROBE_SAMPLE(slot->tid, (uintptr_t)unwind_word(&stack->frame[stack->top]),
                     facts->weight);
    } else {
        sigprof__ring_count_drop(ring, RING_DROP_FULL, weight, header.time_ns);
    }
    add(&slot->periods, weight);
}

static bool is_deferred(const struct slot *slot)
{
    return atomic_load_explicit(&slot->deferred, memory_order_relaxed) > 0;
}

/* Those ticks that were noted are taken now; their weight. */
static uint32_t take_deferred(struct slot *slot, uint64_t *lag_ns)
{
    uint64_t weight =
        atomic_load_explicit(&slot->deferred, memory_order_relaxed);

    *lag_ns = weight ? sigprof__os_now_ns() - slot->deferred_ns : 0;
    atomic_store_explicit(&slot->deferred, 0, memory_order_relaxed);
    add(&slot->periods, -weight); /* which are counted with the sample */
    return (uint32_t)weight;
}

/* A function of its own, so that its stack is not in use during the walk. */
__attribute__((noinline)) static void put_walked(struct slot *slot,
                                                 uint32_t weight)
{
    struct sample_facts facts = {.label = sigprof__label};

    facts.weight = weight + take_deferred(slot, &facts.lag_ns);
    sigprof__sample_put(slot, &slot->owner, &facts);
}

static void take_sample(struct slot *slot, const void *ucontext,
                        uint32_t weight)
{
    sigprof__sample_walk(slot, ucontext);
    put_walked(slot, weight);
}

static void defer(struct slot *slot, uint32_t weight)
{
    if (!is_deferred(slot))
        slot->deferred_ns = sigprof__os_now_ns();
    add(&slot->deferred, weight);
    add(&slot->periods, weight);
}

/* What the clock says was lost goes with the samples that follow, about as much
 * with each as it has itself. Only we take; the drain adds. */
static uint32_t take_owed(struct slot *slot, uint32_t weight)
{
    uint32_t owed = atomic_load_explicit(&slot->owed, memory_order_relaxed);
    uint32_t share = weight + owed / 8;

    if (owed == 0)
        return 0;
    share = share < owed ? share : owed;
    atomic_fetch_sub_explicit(&slot->owed, share, memory_order_relaxed);
    return share;
}

/* A host that calls us from a handler of its own may be interrupted there. */
void sigprof__count_busy(struct slot *slot, uint32_t weight)
{
    if (atomic_load_explicit(&sigprof__state.phase, memory_order_acquire) !=
        PHASE_ON)
        return;
    add(&slot->busy, weight);
    sigprof__ring_count_drop(&sigprof__state.ring, RING_DROP_BUSY, weight,
                             sigprof__os_now_ns());
}

/* The slot is this thread's, and nobody changes it while we are inside. */
__attribute__((noinline)) static void
take_tick(struct slot *slot, const void *ucontext, uint32_t weight)
{
    if (atomic_load_explicit(&slot->inside, memory_order_relaxed)) {
        sigprof__count_busy(slot, weight);
        return;
    }
    atomic_store_explicit(&slot->inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&sigprof__state.phase, memory_order_acquire) ==
            PHASE_ON &&
        atomic_load_explicit(&slot->life, memory_order_acquire) == SLOT_LIVE) {
        weight += take_owed(slot, weight);
        if (sigprof__point_defers())
            defer(slot, weight);
        else
            take_sample(slot, ucontext, weight);
    }
    atomic_store_explicit(&slot->inside, 0, memory_order_release);
}

static bool is_on(void)
{
    return atomic_load_explicit(&sigprof__state.phase, memory_order_acquire) ==
           PHASE_ON;
}

static void count_unknown(void)
{
    sigprof__handlers_enter();
    if (is_on())
        sigprof__ring_count_drop(&sigprof__state.ring, RING_DROP_SLOT, 1,
                                 sigprof__os_now_ns());
    sigprof__handlers_leave();
}

/* What a tick is: not ours, ours for a slot, or ours for nobody. */
struct tick {
    struct slot *slot;
    uint32_t weight; /* 0: it is not to be taken */
    bool of_sampler; /* the weight is what the slot is owed */
    bool of_states;  /* ... is told by state (clock/realprof.h) */
};

/* The tick of an event names nobody. Where no slot has had an event it is another's;
 * without a slot it is late: its thread's account is settled. */
static bool is_event_tick(struct tick *tick)
{
    if (!atomic_load_explicit(&sigprof__state.event_ticks,
                              memory_order_relaxed))
        return false;
    tick->slot = sigprof__slot_of_self();
    if (!tick->slot)
        return true;
    if (!atomic_load_explicit(&tick->slot->has_event, memory_order_relaxed))
        return false;
    if (atomic_load_explicit(&tick->slot->skips_first, memory_order_relaxed)) {
        atomic_store_explicit(&tick->slot->skips_first, false,
                              memory_order_relaxed);
        tick->weight =
            atomic_load_explicit(&tick->slot->samples, memory_order_relaxed) == 0;
    }
    return true;
}

static bool is_process_tick(const struct os_tick *from, struct tick *tick)
{
    if (!sigprof__clock_owns_itimer())
        return false;
    tick->weight = from->asleep ? 0 : tick->weight + from->overrun;
    tick->of_states = sigprof__os_process_timer_tells;
    tick->slot = sigprof__slot_of_self();
    if (!tick->slot && tick->weight > 0)
        count_unknown();
    return true;
}

/* One that has lost its value is known by being expected. */
static bool is_sampler_tick(const struct os_tick *from, struct tick *tick)
{
    struct slot *slot = from->bare ? sigprof__slot_of_self()
                                   : sigprof__slot_of_value(from->value);

    if (from->bare &&
        (!slot || (!sigprof__point.here && !sigprof__wall_expects(slot))))
        return false;
    tick->of_sampler = true;
    tick->slot = slot;
    return true;
}

/* Whose tick is it? false: the program's, and it was not touched. A function of its
 * own, so that its stack is free again when the walk begins. */
__attribute__((noinline)) static bool is_ours(const siginfo_t *info,
                                              struct tick *tick)
{
    struct os_tick from;

    sigprof__os_tick(info, &from);
    *tick = (struct tick){NULL, 1, false, false};
    if (!sigprof__os_thread_is_ready()) { /* it was there before the library */
        if (!from.bare && !from.from_process_timer)
            return false;
        count_unknown();
        return true;
    }
    if (from.from_timer) {
        tick->slot = sigprof__slot_of_value(from.value);
        tick->weight += from.overrun;
        return true; /* without a slot: late, its thread is no more */
    }
    if (from.from_event)
        return is_event_tick(tick);
    if ((from.from_sampler || from.bare) && is_sampler_tick(&from, tick))
        return true;
    return from.from_process_timer && is_process_tick(&from, tick);
}

/* At its hook a thread sends itself a tick like the sampler's (here.c), which has no
 * weight of its own. */
static void act_on(const struct tick *tick, const siginfo_t *info,
                   const void *ucontext)
{
    bool at_hook = tick->of_sampler && sigprof__point.here;

    if (at_hook)
        sigprof__point.pending = false;
    if (tick->of_sampler &&
        (!at_hook || sigprof__clock_is_sampler(atomic_load_explicit(
                         &sigprof__state.clock, memory_order_relaxed))))
        sigprof__wall_tick(tick->slot, ucontext);
    else if (tick->of_states)
        sigprof__realprof_tick(tick->slot, info, ucontext);
    else if (at_hook ? is_deferred(tick->slot) : tick->weight > 0)
        take_tick(tick->slot, ucontext, at_hook ? 0 : tick->weight);
}

static inline bool handle(const siginfo_t *info, const void *ucontext)
{
    int saved_errno = errno;
    struct tick tick;
    bool ours = is_ours(info, &tick);

    if (ours && tick.slot)
        act_on(&tick, info, ucontext);
    errno = saved_errno;
    return ours;
}

void sigprof__handler(int number, siginfo_t *info, void *ucontext)
{
    if (!handle(info, ucontext))
        sigprof__foreign_tick(number, info, ucontext);
}

int sigprof_handle_signal(int number, void *siginfo, void *ucontext)
{
    return number == SIGPROF && handle(siginfo, ucontext);
}
