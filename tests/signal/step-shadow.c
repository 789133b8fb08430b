/* SPDX-License-Identifier: BSD-2-Clause */
#include "step-shadow.h"

#include <stdlib.h>

#include "step-cpu.h"

#define SYSCALL_SPAN 16 /* bytes of a trampoline, from its first to its syscall */

static uint64_t mix(uint64_t chain, uintptr_t pc, bool signal)
{
    uint64_t x = (chain ^ pc) * 0x9e3779b97f4a7c15u + signal;

    x ^= x >> 29;
    x *= 0xbf58476d1ce4e5b9u;
    return x ^ x >> 32;
}

static uint64_t chain_of(const struct shadow *shadow)
{
    return shadow->count ? shadow->entry[shadow->count - 1].chain : 1;
}

static void push(struct shadow *shadow, uintptr_t slot, uintptr_t pc,
                 bool signal)
{
    struct shadow_entry *entry = &shadow->entry[shadow->count];

    if (shadow->count == SHADOW_MAX)
        abort();
    entry->slot = slot;
    entry->pc = pc;
    entry->signal = signal;
    entry->chain = mix(chain_of(shadow), pc, signal);
    shadow->count++;
}

void shadow_begin(struct shadow *shadow, const uintptr_t *base,
                  unsigned base_count)
{
    if (base_count > SHADOW_BASE_MAX)
        abort();
    for (unsigned i = 0; i < base_count; i++)
        shadow->base[i] = base[i];
    shadow->base_count = base_count;
    shadow->count = 0;
    shadow->restorer = 0;
    shadow_resume(shadow);
}

void shadow_resume(struct shadow *shadow)
{
    shadow->pc = 0;
    shadow->adrift = false;
    shadow->jumped = false;
}

/* The return from a handler: everything above its mark is gone. */
static void leave_handler(struct shadow *shadow)
{
    while (shadow->count > 0 && !shadow->entry[shadow->count - 1].signal)
        shadow->count--;
    if (shadow->count > 0)
        shadow->count--;
}

static void drop_gone(struct shadow *shadow, uintptr_t pc, uintptr_t sp)
{
    bool returns = shadow->pc != 0 && step_is_return(shadow->pc);
    uintptr_t back = 0;
    unsigned dropped = 0;

    while (shadow->count > 0 && !shadow->entry[shadow->count - 1].signal &&
           step_is_gone(shadow->entry[shadow->count - 1].slot,
                        shadow->entry[shadow->count - 1].pc, sp, pc)) {
        back = shadow->entry[--shadow->count].pc;
        dropped++;
    }
    /* An exception lands in a function, whose call is not returned from. */
    if (ARCH_LINK && returns && back != pc && shadow->count > 0 &&
        !shadow->entry[shadow->count - 1].signal &&
        shadow->entry[shadow->count - 1].slot == sp)
        shadow->count--;
    shadow->jumped = returns && back != pc;
    if (!returns && dropped > 0 && back != pc)
        shadow->adrift = true;
    if (shadow->adrift && pc - shadow->pc > STEP_CODE_BYTES_MAX) {
        shadow->adrift = false;
        shadow->jumped = true;
    }
}

void shadow_step(struct shadow *shadow, uintptr_t pc, uintptr_t sp)
{
    uintptr_t slot, back;

    shadow->jumped = false;
    if (shadow->pc != 0 && shadow->restorer &&
        shadow->pc - shadow->restorer < SYSCALL_SPAN &&
        step_is_system_call(shadow->pc))
        leave_handler(shadow);
    else if (shadow->pc != 0 &&
             step_is_call(shadow->pc, shadow->sp, sp, &slot, &back))
        push(shadow, slot, back, false);
    else
        drop_gone(shadow, pc, sp);
    shadow->pc = pc;
    shadow->sp = sp;
}

void shadow_signal(struct shadow *shadow, uintptr_t pc, uintptr_t sp,
                   uintptr_t slot, uintptr_t restorer)
{
    shadow->restorer = restorer;
    push(shadow, sp, pc, true);
    push(shadow, slot, shadow->restorer, false);
}

void shadow_call(struct shadow *shadow, uintptr_t slot, uintptr_t back)
{
    push(shadow, slot, back, false);
}

unsigned shadow_depth(const struct shadow *shadow)
{
    return shadow->count + shadow->base_count;
}

uintptr_t shadow_frame(const struct shadow *shadow, unsigned index,
                       bool *signal)
{
    const struct shadow_entry *entry;

    *signal = false;
    if (index >= shadow->count)
        return shadow->base[index - shadow->count];
    entry = &shadow->entry[shadow->count - 1 - index];
    *signal = entry->signal;
    return entry->pc;
}

uint64_t shadow_hash(const struct shadow *shadow)
{
    return mix(chain_of(shadow), shadow->pc, false);
}
