/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks that the program declared. The list the handler sees is immutable: each
 * change publishes a new one, and frees the old when no handler can hold it.
 */
#include <pthread.h>
#include <string.h>

#include "guard.h"
#include "os/os.h"
#include "sigprof/sigprof.h"
#include "threads.h"

#define SYNCHRONIZE_MS 100

static pthread_mutex_t declared_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct unwind_ranges *) declared;

void sigprof__declared_lock(void)
{
    pthread_mutex_lock(&declared_lock);
}

void sigprof__declared_unlock(void)
{
    pthread_mutex_unlock(&declared_lock);
}

static size_t bytes_for(uint32_t count)
{
    return sizeof(struct unwind_ranges) + count * sizeof(struct unwind_range);
}

const struct unwind_ranges *sigprof__stacks_declared(void)
{
    return atomic_load_explicit(&declared, memory_order_acquire);
}

/* A list that some handler may still hold is left to it: a leak, and benign. */
static void publish(struct unwind_ranges *old, struct unwind_ranges *new)
{
    atomic_store_explicit(&declared, new, memory_order_release);
    if (old && sigprof__threads_synchronize(SYNCHRONIZE_MS))
        sigprof__os_unmap(old, bytes_for(old->count));
}

static int add(uintptr_t low, uintptr_t high)
{
    struct unwind_ranges *old = atomic_load(&declared);
    uint32_t count = old ? old->count : 0;
    struct unwind_ranges *new = sigprof__os_map(bytes_for(count + 1));
    uint32_t at = 0;

    if (!new)
        return SIGPROF_ENOMEM;
    for (; at < count && old->range[at].low < low; at++)
        new->range[at] = old->range[at];
    new->range[at] = (struct unwind_range){low, high};
    if (count > at)
        memcpy(&new->range[at + 1], &old->range[at],
               (count - at) * sizeof new->range[0]);
    new->count = count + 1;
    publish(old, new);
    return 0;
}

static int remove_at(uint32_t at)
{
    struct unwind_ranges *old = atomic_load(&declared);
    struct unwind_ranges *new = sigprof__os_map(bytes_for(old->count));

    if (!new)
        return SIGPROF_ENOMEM;
    memcpy(new->range, old->range, at * sizeof new->range[0]);
    memcpy(&new->range[at], &old->range[at + 1],
           (old->count - at - 1) * sizeof new->range[0]);
    new->count = old->count - 1;
    publish(old, new);
    return 0;
}

int sigprof_stack_declare(void *low, size_t bytes)
{
    uintptr_t from = (uintptr_t)low;
    struct guard guard;
    int code;

    if (!low || !bytes || from + bytes < from)
        return SIGPROF_EINVAL;
    sigprof__guard_enter(&guard);
    sigprof__declared_lock();
    code = add(from, from + bytes);
    sigprof__declared_unlock();
    sigprof__guard_leave(&guard);
    return code;
}

int sigprof_stack_forget(void *low)
{
    struct unwind_ranges *now;
    struct guard guard;
    int code = SIGPROF_EINVAL;

    sigprof__guard_enter(&guard);
    sigprof__declared_lock();
    now = atomic_load(&declared);
    for (uint32_t i = 0; now && i < now->count; i++)
        if (now->range[i].low == (uintptr_t)low) {
            code = remove_at(i);
            break;
        }
    sigprof__declared_unlock();
    sigprof__guard_leave(&guard);
    return code;
}
