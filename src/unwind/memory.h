/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading memory that may not be there, from inside a signal.
 *
 * A word inside the range that the walk is in (the thread's stack, a declared one
 * or its alternate signal stack) is a plain load. Anything else goes through a
 * system call that answers with an error instead of a fault, a page at a time into
 * the thread's window.
 */
#ifndef SIGPROF_UNWIND_MEMORY_H
#define SIGPROF_UNWIND_MEMORY_H

#include "unwind/unwind.h"

#define MEMORY_PAGES_MAX 64 /* system calls a walk may make: ~64 microseconds */

#define MEMORY_NO_PAGE 1 /* no page begins there */

struct memory {
    struct unwind_range now; /* where plain loads are right */
    const struct unwind_walk *walk;
    uintptr_t stack_page; /* that the window shows; MEMORY_NO_PAGE: none */
    uintptr_t table_page; /* one for tables and code */
    uint32_t pages_left;
};

/* Signal-safe. First of a walk: nothing is known, the budget is whole. */
void sigprof__memory_begin(struct memory *memory,
                           const struct unwind_walk *walk, uintptr_t sp);

/* Signal-safe. Chooses the range that sp lies in; an empty one if none does. */
void sigprof__memory_enter(struct memory *memory, const struct unwind_walk *walk,
                           uintptr_t sp);

/* Signal-safe. false if address is unaligned or cannot be read. */
bool sigprof__memory_read_slow(struct memory *memory, uintptr_t address,
                               uintptr_t *word);

/* Signal-safe. size bytes; for unwind tables and code that may be unmapped
 * meanwhile. Unaligned addresses are right here. */
bool sigprof__memory_copy(struct memory *memory, uintptr_t address, void *to,
                          uint32_t size);

/* A word of a stack in use: a sanitizer would take most for poisoned. */
static inline __attribute__((no_sanitize("address")))
__attribute__((no_sanitize("thread"))) uintptr_t
memory_load(uintptr_t address)
{
    return *(const volatile uintptr_t *)address;
}

static inline bool sigprof__memory_is_outside(const struct memory *memory,
                                              uintptr_t address)
{
    return address - memory->now.low >= memory->now.high - memory->now.low;
}

static inline bool sigprof__memory_read(struct memory *memory,
                                        uintptr_t address, uintptr_t *word)
{
    uintptr_t room = memory->now.high - memory->now.low;

    if (address - memory->now.low < room &&
        (address & (sizeof *word - 1)) == 0) {
        *word = memory_load(address);
        return true;
    }
    return sigprof__memory_read_slow(memory, address, word);
}

#endif
