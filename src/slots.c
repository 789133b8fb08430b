/* SPDX-License-Identifier: BSD-2-Clause */
/* The slot table's memory: chunks of slots, which are never given back, each slot
 * with a stack for its walks. */
#include <string.h>

#include "os/os.h"
#include "sigprof_impl.h"
#include "threads-table.h"

uint32_t slots_made;
static uint32_t next_free; /* where to look first */
static unsigned stack_depth;

/* Frames of a stack, its scratch and its window; see struct unwind_stack. Then what
 * a guest's take; see struct guest_account. */
static size_t own_bytes(unsigned depth)
{
    return 2 * (depth + 8) * sizeof(struct unwind_frame) +
           sizeof(struct unwind_window);
}

static size_t stack_bytes(unsigned depth)
{
    return own_bytes(depth) + sigprof__guest_account_bytes(depth);
}

static void stack_make(struct slot *slot, unsigned depth, uint8_t *at)
{
    struct unwind_stack *stack = &slot->stack;
    size_t frames = (depth + 8) * sizeof(struct unwind_frame);

    memset(stack, 0, sizeof *stack);
    stack->capacity = depth + 8;
    stack->depth = depth;
    stack->top = stack->capacity;
    stack->frame = (struct unwind_frame *)at;
    stack->fresh = (struct unwind_frame *)(at + frames);
    stack->window = (struct unwind_window *)(at + 2 * frames);
    slot->result = stack;
    sigprof__guest_account_make(&slot->guests, stack, at + own_bytes(depth));
}

static int make_chunk(void)
{
    uint32_t chunk = slots_made / SLOTS_IN_CHUNK;
    size_t each = stack_bytes(stack_depth);
    struct slot *slots;
    uint8_t *stacks;

    if (chunk == CHUNKS_MAX)
        return SIGPROF_EFULL;
    slots = sigprof__os_map(SLOTS_IN_CHUNK * sizeof *slots);
    stacks = sigprof__os_map(SLOTS_IN_CHUNK * each);
    if (!slots || !stacks) {
        sigprof__os_unmap(slots, SLOTS_IN_CHUNK * sizeof *slots);
        sigprof__os_unmap(stacks, SLOTS_IN_CHUNK * each);
        return SIGPROF_ENOMEM;
    }
    for (uint32_t i = 0; i < SLOTS_IN_CHUNK; i++) {
        slots[i].value = chunk * SLOTS_IN_CHUNK + i;
        stack_make(&slots[i], stack_depth, stacks + i * each);
    }
    atomic_store_explicit(&slot_chunks[chunk], slots, memory_order_release);
    slots_made += SLOTS_IN_CHUNK;
    return 0;
}

/* Slots of an earlier start have stacks of another depth: those are made anew,
 * and the old ones left to whatever late handler may be looking at them. */
static int remake_stacks(void)
{
    size_t each = stack_bytes(stack_depth);

    for (uint32_t i = 0; i < slots_made; i += SLOTS_IN_CHUNK) {
        uint8_t *stacks = sigprof__os_map(SLOTS_IN_CHUNK * each);

        if (!stacks)
            return SIGPROF_ENOMEM;
        for (uint32_t j = 0; j < SLOTS_IN_CHUNK; j++)
            stack_make(slot_at(i + j), stack_depth, stacks + j * each);
    }
    return 0;
}

int slot_table_begin(unsigned depth)
{
    unsigned old_depth = stack_depth;

    stack_depth = depth;
    if (slots_made == 0)
        return make_chunk();
    return depth == old_depth ? 0 : remake_stacks();
}

struct slot *slot_take(void)
{
    for (uint32_t i = 0; i < slots_made; i++) {
        struct slot *slot = slot_at((next_free + i) % slots_made);

        if (atomic_load(&slot->life) == SLOT_FREE &&
            atomic_load(&slot->inside) == 0) {
            next_free = (next_free + i + 1) % slots_made;
            return slot;
        }
    }
    next_free = slots_made;
    return make_chunk() == 0 ? slot_at(next_free++) : NULL;
}
