/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests: the calls of sigprof/jit.h that are not a walk's. Theory: guest.h. */
#include "jit/guest.h"

#include <pthread.h>
#include <string.h>

#include "guard.h"
#include "jit/functions.h"
#include "modules.h"
#include "sigprof_impl.h"
#include "unwind/cfi.h"
#include "unwind/walker.h"

static pthread_mutex_t loops_lock = PTHREAD_MUTEX_INITIALIZER;

struct sigprof_guest *sigprof_guest_enter(struct sigprof_guest *guest)
{
    struct sigprof_guest *before = sigprof__guest;

    if (!atomic_load_explicit(&sigprof__guests_exist, memory_order_relaxed)) {
        sigprof__functions_make();
        atomic_store(&sigprof__guests_exist, true);
    }
    atomic_signal_fence(memory_order_seq_cst);
    *(struct sigprof_guest *volatile *)&sigprof__guest = guest;
    atomic_signal_fence(memory_order_seq_cst);
    return before;
}

size_t sigprof__guest_account_bytes(unsigned depth)
{
    size_t frame_bytes =
        sizeof(struct unwind_frame) + sizeof(struct guest_frame);
    size_t bytes = sizeof(struct guest_window) +
                   (depth + GUEST_MARKS_MAX) * frame_bytes;

    return (bytes + 15) & ~(size_t)15; /* another's may lie behind */
}

void sigprof__guest_account_make(struct guest_account *account,
                                 const struct unwind_stack *native, void *at)
{
    struct guest_window *window = at;

    memset(account, 0, sizeof *account);
    account->merged = *native;
    account->merged.frame = (struct unwind_frame *)(window + 1);
    account->walk.window = window;
    account->walk.frame =
        (struct guest_frame *)(account->merged.frame + native->capacity);
    account->walk.room = native->depth;
}

/* ---- Loops ------------------------------------------------------------- */

/* The function that holds start, by its unwind tables. */
static bool find_function(uintptr_t start, struct unwind_range *range)
{
    struct rules_unit unit;
    const struct module *module;
    bool found;

    sigprof__modules_refresh();
    sigprof__modules_lock();
    module = sigprof__module_find(sigprof__modules(), start);
    found = module &&
            sigprof__cfi_find(module->cfi, start, &unit) == CFI_FOUND;
    sigprof__modules_unlock();
    if (found)
        *range = (struct unwind_range){unit.low, unit.high};
    return found;
}

static int add_loop(const struct unwind_range *range)
{
    uint32_t count = atomic_load(&sigprof__guest_loops.count);

    for (uint32_t i = 0; i < count; i++)
        if (sigprof__guest_loops.range[i].low == range->low &&
            sigprof__guest_loops.range[i].high == range->high)
            return 0;
    if (count == GUEST_LOOPS_MAX)
        return SIGPROF_EFULL;
    sigprof__guest_loops.range[count] = *range;
    atomic_store_explicit(&sigprof__guest_loops.count, count + 1,
                          memory_order_release);
    return 0;
}

void sigprof__guest_lock(void)
{
    pthread_mutex_lock(&loops_lock);
}

void sigprof__guest_unlock(void)
{
    pthread_mutex_unlock(&loops_lock);
}

int sigprof_loop_declare(const void *start, size_t bytes)
{
    uintptr_t low = (uintptr_t)start & ~(uintptr_t)ARCH_CODE_BITS;
    struct unwind_range range = {low, low + bytes};
    struct guard guard;
    int code = SIGPROF_EINVAL;

    if (!start || bytes > ~(uintptr_t)start)
        return SIGPROF_EINVAL;
    sigprof__guard_enter(&guard);
    if (bytes || find_function(low, &range)) {
        sigprof__guest_lock();
        code = add_loop(&range);
        sigprof__guest_unlock();
    }
    sigprof__guard_leave(&guard);
    return code;
}
