/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that can be sampled at a hook only. Their ticks are noted by the handler.
 * At the hook the thread sends itself a signal: so the stack is walked from the
 * registers that the kernel saved, in the handler like any other, and then our own
 * frames at its leaf are left out.
 */
#include <errno.h>

#include "arch/arch.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "threads.h"

/* riscv64's frame pointer shows to its frame's upper end, s390x's frame begins there,
 * and with windows it is the caller's sp. */
#ifdef ARCH_WINDOWS
#define FRAME_IS_CALLERS_SP 1
#else
#define FRAME_IS_CALLERS_SP (ARCH_RECORD_FP < 0 || ARCH_CFA_SP != 0)
#endif

int sigprof_thread_defer(int defers)
{
    bool before = sigprof__point.defers;

    *(volatile bool *)&sigprof__point.defers = defers != 0;
    return before;
}

__attribute__((noinline)) int sigprof_sample_here(void)
{
    int saved_errno = errno;
    struct slot *slot;
    uint64_t before;

    if (!*(volatile bool *)&sigprof__point.pending)
        return 0;
    slot = sigprof__slot_of_self();
    if (!slot)
        return 0;
    before = atomic_load(&slot->samples);
    sigprof__point.here =
        (uintptr_t)__builtin_frame_address(0) - FRAME_IS_CALLERS_SP;
    atomic_signal_fence(memory_order_seq_cst);
    sigprof__os_signal_thread(slot->tid, slot->value);
    atomic_signal_fence(memory_order_seq_cst);
    sigprof__point.here = 0;
    errno = saved_errno;
    return atomic_load(&slot->samples) != before;
}
