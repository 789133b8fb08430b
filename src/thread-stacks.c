/* SPDX-License-Identifier: BSD-2-Clause */
/* Which stack a thread is on, where its handler has asked (threads.h). */
#include "os/os.h"
#include "threads-table.h"

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

        if (slot_is_live(slot) && !atomic_load(&slot->stack_low) &&
            (sp = atomic_exchange(&slot->unknown_sp, 0)))
            resolve_stack(slot, sp);
    }
    sigprof__threads_unlock();
}
