/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine that follows frame pointers and nothing else: two loads a frame.
 *
 * It is right where all code keeps a frame pointer, or a back chain on CPUs that
 * have one. Elsewhere it loses the caller of a leaf without a frame, and ends
 * early where the register holds something else; it never reads what it must not.
 */
#include "arch/arch.h"
#include "os/regs.h"
#include "unwind/memory.h"

static void push(struct unwind_stack *stack, uint32_t *count, uintptr_t pc)
{
    struct unwind_frame *frame = unwind_push(stack, count);

    frame->pc = pc;
    frame->flags = 0;
}

/* From one element of the chain to the next; why not, if there is none. */
static int follow(struct memory *memory, uintptr_t *fp, uintptr_t *pc)
{
    uintptr_t next;

    if (*fp == 0)
        return FORMAT_END_COMPLETE;
    if (!sigprof__memory_read(memory, *fp + (uintptr_t)ARCH_RECORD_FP, &next))
        return FORMAT_END_BAD_ADDRESS;
    if (ARCH_BACKCHAIN && next == 0)
        return FORMAT_END_COMPLETE;
    if (!sigprof__memory_read(
            memory, (ARCH_BACKCHAIN ? next : *fp) + (uintptr_t)ARCH_RECORD_PC,
            pc))
        return FORMAT_END_BAD_ADDRESS;
    *pc = arch_return_address(*pc);
    if (*pc == 0)
        return FORMAT_END_COMPLETE;
    if (*pc < FORMAT_FIRST_PC)
        return FORMAT_END_BAD_ADDRESS;
    /* A record at or below this one would make the walk a circle: its frame
     * pointer says nothing, but this return address is still good. */
    *fp = next > *fp ? next : 0;
    return -1;
}

void sigprof__unwind_fp(struct unwind_walk *walk)
{
    struct unwind_stack *stack = walk->stack;
    uintptr_t pc = regs_pc(walk->ucontext);
    uintptr_t sp = regs_sp(walk->ucontext);
    uintptr_t fp = ARCH_BACKCHAIN ? sp : regs_fp(walk->ucontext);
    struct memory memory;
    uint32_t count = 0;
    int end;

    sigprof__memory_begin(&memory, walk, sp);
    push(stack, &count, pc < FORMAT_FIRST_PC ? FORMAT_FIRST_PC : pc);
    end = fp < sp && fp != 0 ? FORMAT_END_BAD_ADDRESS : -1;
    while (end < 0 && (end = follow(&memory, &fp, &pc)) < 0) {
        push(stack, &count, pc);
        if (count == UNWIND_STEPS_MAX)
            end = FORMAT_END_DEPTH;
    }
    stack->end = (uint8_t)end;
    if (memory.now.high == 0)
        stack->end |= FORMAT_END_UNKNOWN_STACK;
    sigprof__unwind_store(stack, count);
}
