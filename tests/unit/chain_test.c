/* SPDX-License-Identifier: BSD-2-Clause */
/* Chains of frame records, and what is remembered of them. */
#include "unwind/unwind.h"

#include "arch/arch.h"
#include "support/registers.h"
#include "support/walk.h"
#include "unwind/walker.h"

static struct unwind_walk walk;

enum { ELEMENTS = 6, ELEMENT_WORDS = 20 };
static uintptr_t chain_words[(ELEMENTS + 1) * ELEMENT_WORDS];

static uintptr_t element(unsigned number)
{
    return (uintptr_t)&chain_words[(number + 1) * ELEMENT_WORDS - 4];
}

/* Even: arm's bit 0 is none of the address. */
static uintptr_t chain_pc(unsigned number)
{
    return 2000 + 2 * (uintptr_t)number;
}

static void put_word(uintptr_t base, int offset, uintptr_t word)
{
    *(uintptr_t *)(base + (uintptr_t)(intptr_t)offset) = word;
}

/* As it is in an element. */
static uintptr_t saved_pc(uintptr_t pc)
{
    return pc - (arch_return_address(pc) - pc);
}

/* The element's two words; next 0: it is the last. */
static void put_element(unsigned number, uintptr_t next, uintptr_t pc)
{
    if (!ARCH_RECORD_IN_NEXT)
        put_word(element(number), ARCH_RECORD_PC, saved_pc(pc));
    else if (next)
        put_word(next, ARCH_RECORD_PC, saved_pc(pc));
    put_word(element(number), ARCH_RECORD_FP, regs_biased(next));
}

static void walk_chain(void)
{
    static struct regs_made context;

    walk.ucontext = &context.context;
    walk.thread.low = (uintptr_t)chain_words;
    walk.thread.high = (uintptr_t)chain_words + sizeof chain_words;
    test_register(&context.context, REGS_PC, 1000);
    test_register(&context.context, REGS_FP, element(0));
    test_register(&context.context, REGS_SP,
                  ARCH_BACKCHAIN ? element(0) : (uintptr_t)chain_words);
#ifdef ARCH_WINDOWS
    for (unsigned i = 0; i < 16; i++) {
        uintptr_t word = ((const uintptr_t *)element(0))[i];
        unsigned column = ARCH_WINDOW_FIRST + i;

        test_register(&context.context, column,
                      column == REGS_FP ? regs_unbiased(word) : word);
    }
#endif
    sigprof__unwind_fp(&walk);
}

static void put_chain(void)
{
    for (unsigned i = 0; i < ELEMENTS; i++)
        put_element(i, i + 1 < ELEMENTS ? element(i + 1) : 0, chain_pc(i));
}

static void check_chain(unsigned changed, uintptr_t pc)
{
    CHECK_EQ(walk.stack->end, FORMAT_END_COMPLETE);
    CHECK_EQ(test_walk_count(&walk), ELEMENTS + !ARCH_BACKCHAIN);
    CHECK_EQ(test_walk_pc(&walk, 0), 1000);
    for (unsigned i = 1; i < test_walk_count(&walk); i++)
        CHECK_EQ(test_walk_pc(&walk, i), i == changed ? pc : chain_pc(i - 1));
}

static void a_chain_is_remembered_as_far_as_it_holds(void)
{
    test_walk_make(&walk, 16);
    put_chain();
    walk_chain();
    check_chain(0, 0);
    CHECK_EQ(walk.stack->shared, 0);
    walk_chain();
    check_chain(0, 0);
    CHECK_EQ(walk.stack->shared, test_walk_count(&walk) - IN_REGISTERS);
    put_element(2, element(3), 5000);
    walk_chain();
    check_chain(3, 5000);
    CHECK(walk.stack->shared < test_walk_count(&walk) - 3);
    CHECK(walk.stack->shared >= 2);
    test_walk_drop(&walk);
}

static void a_remembered_chain_may_go_on(void)
{
    test_walk_make(&walk, 16);
    put_chain();
    put_element(3, 0, chain_pc(3));
    walk_chain();
    CHECK_EQ(test_walk_count(&walk), 4 + !ARCH_BACKCHAIN);
    put_chain();
    walk_chain();
    check_chain(0, 0);
    test_walk_drop(&walk);
}

static void a_chain_that_turns_back_is_not_complete(void)
{
    test_walk_make(&walk, 16);
    put_chain();
    put_element(3, element(1), chain_pc(3));
    for (int i = 0; i < 2; i++) {
        walk_chain();
        CHECK_EQ(walk.stack->end, FORMAT_END_BAD_ADDRESS);
        CHECK_EQ(test_walk_count(&walk), 5);
    }
    test_walk_drop(&walk);
}

static void a_deep_chain_keeps_both_ends_each_time(void)
{
    test_walk_make(&walk, 3);
    put_chain();
    for (int i = 0; i < 3; i++) {
        walk_chain();
        CHECK_EQ(walk.stack->end, FORMAT_END_COMPLETE);
        CHECK_EQ(test_walk_count(&walk), 4);
        CHECK_EQ(test_walk_pc(&walk, 1), 2000);
        CHECK_EQ(test_walk_pc(&walk, 2), FORMAT_MARK_GAP);
        CHECK_EQ(test_walk_pc(&walk, 3), chain_pc(ELEMENTS - 1 - ARCH_BACKCHAIN));
    }
    test_walk_drop(&walk);
}

int main(void)
{
    RUN(a_chain_is_remembered_as_far_as_it_holds);
    RUN(a_remembered_chain_may_go_on);
    RUN(a_chain_that_turns_back_is_not_complete);
    RUN(a_deep_chain_keeps_both_ends_each_time);
    return 0;
}
