/* SPDX-License-Identifier: BSD-2-Clause */
/* The wall clock, handler's side. Theory: wall.h. */
#include "clock/wall.h"

#include "labels.h"
#include "os/regs.h"
#include "sigprof_impl.h"
#include "threads.h"

bool sigprof__wall_expects(const struct slot *slot)
{
    return atomic_load_explicit(&slot->wall.signalled, memory_order_relaxed);
}

static void store(_Atomic uintptr_t *to, uintptr_t value)
{
    atomic_store_explicit(to, value, memory_order_relaxed);
}

static bool is_owed(const struct wall_account *wall)
{
    for (unsigned state = 0; state < WALL_STATES; state++)
        if (atomic_load_explicit(&wall->owed[state], memory_order_relaxed))
            return true;
    return false;
}

/* The stack that was walked, for each state that the thread was in. A function of
 * its own, so that its stack is not in use during the walk. */
__attribute__((noinline)) static void put_owed(struct slot *slot)
{
    uint64_t lag_ns = slot->deferred_ns
                          ? sigprof__os_now_ns() - slot->deferred_ns
                          : 0;

    slot->deferred_ns = 0;
    for (unsigned state = 0; state < WALL_STATES; state++) {
        uint32_t periods = atomic_exchange(&slot->wall.owed[state], 0);

        if (!periods)
            continue;
        sigprof__sample_put(
            slot, &slot->owner,
            &(struct sample_facts){sigprof__label, periods, (uint8_t)state,
                                   false, lag_ns});
        slot->result->shared = slot->result->capacity - slot->result->top;
    }
}

static void take_owed(struct slot *slot, const void *ucontext)
{
    struct wall_account *wall = &slot->wall;

    if (!is_owed(wall))
        return;
    sigprof__sample_walk(slot, ucontext);
    put_owed(slot);
    store(&wall->pc, regs_pc(ucontext));
    store(&wall->sp, regs_sp(ucontext));
    store(&wall->label_at, (uintptr_t)&sigprof__label);
    store(&wall->guest_at, (uintptr_t)&sigprof__guest);
    atomic_store(&wall->stack, WALL_STACK_HANDLED);
}

void sigprof__wall_tick(struct slot *slot, const void *ucontext)
{
    atomic_store(&slot->wall.signalled, false);
    if (sigprof__point_defers()) {
        if (slot->deferred_ns == 0)
            slot->deferred_ns = sigprof__os_now_ns();
        return; /* what is owed stays so */
    }
    if (!sigprof__slot_enter(slot))
        return;
    if (atomic_load_explicit(&sigprof__state.phase, memory_order_acquire) ==
            PHASE_ON &&
        atomic_load_explicit(&slot->life, memory_order_acquire) == SLOT_LIVE)
        take_owed(slot, ucontext);
    sigprof__slot_leave(slot);
}
