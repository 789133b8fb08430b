/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks of native frames as lines, for tests of guests. */
#ifndef SIGPROF_TEST_GUEST_H
#define SIGPROF_TEST_GUEST_H

#include "jit/guest.h"

#include <ucontext.h>

#include "os/regs.h"
#include "sigprof/jit.h"
#include "test.h"

/* Native frame K has pc K000; those of 5 and 6 are loops. The thread's stack. */
#define PC(k) ((uintptr_t)(k) << 12)
#define STACK_LOW ((uintptr_t)0x10000)
#define STACK_HIGH ((uintptr_t)0x90000)
#define DEPTH 16

static struct regs_made registers;
static struct unwind_frame frames[DEPTH + 8], fresh[DEPTH + 8];
static struct unwind_window window;
static struct unwind_stack native;
static struct guest_account account;
static char text[4096];

static void begin(void)
{
    native = (struct unwind_stack){.capacity = DEPTH + 8,
                                   .depth = DEPTH,
                                   .top = DEPTH + 8,
                                   .window = &window,
                                   .frame = frames,
                                   .fresh = fresh};
    free(account.walk.window);
    sigprof__guest_account_make(
        &account, &native, calloc(1, sigprof__guest_account_bytes(DEPTH)));
    sigprof_guest_enter(NULL);
}

/* Leaf last, as in a folded line: "1 5 2@8100" is frame 2 with its sp; each other
 * has its caller's less 100 hexadecimal. A negative number is a mark. */
static void set_native(const char *line)
{
    uintptr_t sp = STACK_HIGH;
    char *end;

    native.top = native.capacity;
    for (long k; k = strtol(line, &end, 10), end != line; line = end) {
        struct unwind_frame *frame = &frames[--native.top];

        sp -= 0x100;
        if (*end == '@')
            sp = (uintptr_t)strtoul(end + 1, &end, 16);
        *frame = (struct unwind_frame){.pc = k < 0 ? (uintptr_t)-k : PC(k),
                                       .sp = k < 0 ? 0 : sp};
    }
    regs_asleep(&registers, frames[native.top].pc, sp);
}

/* The native frame K's sp, as set_native has it. */
static const void *sp_of(int k, unsigned nth)
{
    for (uint32_t i = native.capacity; i > native.top; i--)
        if (frames[i - 1].pc == PC(k) && nth-- == 0)
            return (const void *)(frames[i - 1].sp + 8);
    FAIL("there is no frame %d", k);
}

/* What is recorded, root first: n5, g7:12, or a mark. */
static const char *recorded(void)
{
    const struct unwind_walk walk = {.ucontext = &registers.context,
                                     .thread = {STACK_LOW, STACK_HIGH},
                                     .may_call_system = true,
                                     .stack = &native};
    const struct unwind_stack *stack = sigprof__guest_stack(&account, &walk);
    size_t size = 0;

    text[0] = '\0';
    for (uint32_t i = stack->capacity; i > stack->top; i--) {
        uint64_t word = unwind_word(&stack->frame[i - 1]);

        size += (size_t)snprintf(
            text + size, sizeof text - size,
            format_is_guest(word)     ? " g%llu"
            : word < FORMAT_FIRST_PC ? " -%llu"
                                     : " n%llu",
            (unsigned long long)(format_is_guest(word) ? format_guest_function(word)
                                 : word < FORMAT_FIRST_PC ? word
                                                          : word >> 12));
    }
    return text + 1;
}

#endif
