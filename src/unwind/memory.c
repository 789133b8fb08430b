/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signal-safe reads of memory that may not be there; the contract is memory.h.
 *
 * Known stacks are read with plain loads: the thread's own, a declared one, or the
 * alternate one that the kernel has put a signal's frame on.
 * They are readable from the stack pointer up, and below it as far as the red
 * zone, where epilogues still find the registers that they have just popped.
 *
 * The rest is read a page at a time by a system call, which makes a walk over an
 * unknown stack cost one call per 4 KiB, not one per word. The number of calls
 * in a walk is bounded, because a corrupt stack could ask for a new page with
 * every word.
 */
#include "unwind/memory.h"

#include "arch/arch.h"
#include "os/os.h"
#include "os/regs.h"

#define BELOW ((uintptr_t)ARCH_RED_ZONE) /* a leaf may keep data there */

static bool holds(const struct unwind_range *range, uintptr_t address)
{
    return address - range->low < range->high - range->low;
}

static const struct unwind_range *
find_declared(const struct unwind_ranges *ranges, uintptr_t address)
{
    uint32_t low = 0;
    uint32_t high = ranges ? ranges->count : 0;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ranges->range[middle].high <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (ranges && low < ranges->count && holds(&ranges->range[low], address))
        return &ranges->range[low];
    return 0;
}

/* The stack that sp is on; 0, 0: none that is known. */
static struct unwind_range find_stack(const struct unwind_walk *walk,
                                      uintptr_t sp)
{
    const struct unwind_range *declared;
    struct unwind_range range = walk->thread;

    if (holds(&range, sp))
        return range;
    declared = find_declared(walk->declared, sp);
    if (declared)
        return *declared;
    regs_signal_stack(walk->ucontext, &range.low, &range.high);
    if (!holds(&range, sp)) {
        range.low = 0;
        range.high = 0;
    }
    return range;
}

void sigprof__memory_enter(struct memory *memory,
                           const struct unwind_walk *walk, uintptr_t sp)
{
    struct unwind_range range = find_stack(walk, sp);

    memory->walk = walk;
    memory->now.high = range.high;
    memory->now.low = sp - range.low > BELOW ? sp - BELOW : range.low;
    if (range.high == 0)
        memory->now.low = 0;
}

void sigprof__memory_begin(struct memory *memory,
                           const struct unwind_walk *walk, uintptr_t sp)
{
#ifdef ARCH_WINDOWS
    arch_flush_windows();
#endif
    memory->pages_left = MEMORY_PAGES_MAX;
    memory->stack_page = MEMORY_NO_PAGE;
    memory->table_page = MEMORY_NO_PAGE;
    sigprof__memory_enter(memory, walk, sp);
}

/* Makes bytes, which shows *page, show the page that holds address. */
static bool look_at(struct memory *memory, unsigned char *bytes,
                    uintptr_t *page, uintptr_t address)
{
    uintptr_t low = address & ~(uintptr_t)(UNWIND_PAGE_BYTES - 1);

    if (*page == low)
        return true;
    if (!memory->walk->may_call_system || memory->pages_left == 0)
        return false;
    memory->pages_left--;
    *page = MEMORY_NO_PAGE;
    if (sigprof__os_read_memory(low, bytes, UNWIND_PAGE_BYTES) !=
        UNWIND_PAGE_BYTES)
        return false;
    *page = low;
    return true;
}

bool sigprof__memory_read_slow(struct memory *memory, uintptr_t address,
                               uintptr_t *word)
{
    unsigned char *bytes = memory->walk->stack->window->stack_page;
    unsigned at = (unsigned)(address & (UNWIND_PAGE_BYTES - 1));

    if ((address & (sizeof *word - 1)) != 0 ||
        !look_at(memory, bytes, &memory->stack_page, address))
        return false;
    *word = *(const uintptr_t *)(const void *)&bytes[at];
    return true;
}

bool sigprof__memory_copy(struct memory *memory, uintptr_t address, void *to,
                          uint32_t size)
{
    unsigned char *bytes = memory->walk->stack->window->table_page;
    unsigned char *out = to;

    for (uint32_t i = 0; i < size; i++) {
        if (!look_at(memory, bytes, &memory->table_page, address + i))
            return false;
        out[i] = bytes[(address + i) & (UNWIND_PAGE_BYTES - 1)];
    }
    return true;
}
