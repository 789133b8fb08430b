/* SPDX-License-Identifier: BSD-2-Clause */
/* ITIMER_REALPROF, handler's side. Theory: realprof.h. */
#include "clock/realprof.h"

#include "labels.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "threads.h"

/* The stack that was walked, for each state that the thread was in. A function of
 * its own, so that its stack is not in use during the walk. */
__attribute__((noinline)) static void put_states(struct slot *slot,
                                                 const siginfo_t *info)
{
    for (unsigned state = 0; state < FORMAT_STATES; state++) {
        uint32_t periods = sigprof__os_tick_periods(info, state);

        if (!periods)
            continue;
        sigprof__sample_put(
            slot, &slot->owner,
            &(struct sample_facts){sigprof__label, periods, (uint8_t)state,
                                   state != FORMAT_STATE_USER &&
                                       state != FORMAT_STATE_SYSTEM, 0});
        slot->result->shared = slot->result->capacity - slot->result->top;
    }
}

void sigprof__realprof_tick(struct slot *slot, const siginfo_t *info,
                            const void *ucontext)
{
    if (!sigprof__slot_enter(slot)) {
        sigprof__count_busy(
            slot, sigprof__os_tick_periods(info, FORMAT_STATE_USER) +
                      sigprof__os_tick_periods(info, FORMAT_STATE_SYSTEM));
        return;
    }
    if (atomic_load_explicit(&sigprof__state.phase, memory_order_acquire) ==
            PHASE_ON &&
        atomic_load_explicit(&slot->life, memory_order_acquire) == SLOT_LIVE) {
        sigprof__sample_walk(slot, ucontext);
        put_states(slot, info);
    }
    sigprof__slot_leave(slot);
}
