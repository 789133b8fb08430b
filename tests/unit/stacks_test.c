/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of stacks: equal things have equal numbers, and numbers are dense. */
#include "stacks.h"

#include "test.h"

static struct stacks stacks;

static void begin(void)
{
    CHECK(sigprof__stacks_make(&stacks));
}

static void pcs_are_numbered_from_sixteen_on_in_order_of_appearance(void)
{
    begin();
    CHECK_EQ(sigprof__stacks_pc(&stacks, 0x1000), FORMAT_FIRST_PC);
    CHECK_EQ(sigprof__stacks_pc(&stacks, UINT64_MAX), FORMAT_FIRST_PC + 1);
    CHECK_EQ(sigprof__stacks_pc(&stacks, 0x1000), FORMAT_FIRST_PC);
    CHECK_EQ(sigprof__stacks_pc(&stacks, 16), FORMAT_FIRST_PC + 2);
    CHECK_EQ(stacks.pcs, 3);
    CHECK_EQ(stacks.pc[1], UINT64_MAX);
    sigprof__stacks_drop(&stacks);
}

static void marks_are_their_own_numbers(void)
{
    begin();
    CHECK_EQ(sigprof__stacks_pc(&stacks, FORMAT_MARK_SIGNAL), 1);
    CHECK_EQ(sigprof__stacks_pc(&stacks, FORMAT_MARK_GAP), 2);
    CHECK_EQ(sigprof__stacks_pc(&stacks, FORMAT_MARK_GUESS), 3);
    CHECK_EQ(stacks.pcs, 0);
    sigprof__stacks_drop(&stacks);
}

static void a_node_is_found_by_its_parent_and_its_pc(void)
{
    uint32_t root, left, right;

    begin();
    CHECK_EQ(sigprof__stacks_find(&stacks, 0, 16), 0);
    root = sigprof__stacks_add(&stacks, 0, 16);
    left = sigprof__stacks_add(&stacks, root, 17);
    right = sigprof__stacks_add(&stacks, root, 18);
    CHECK_EQ(root, 1);
    CHECK_EQ(left, 2);
    CHECK_EQ(right, 3);
    CHECK_EQ(sigprof__stacks_find(&stacks, 0, 16), root);
    CHECK_EQ(sigprof__stacks_find(&stacks, root, 17), left);
    CHECK_EQ(sigprof__stacks_find(&stacks, root, 18), right);
    CHECK_EQ(sigprof__stacks_find(&stacks, left, 18), 0);
    CHECK_EQ(sigprof__stacks_find(&stacks, 0, 17), 0);
    sigprof__stacks_drop(&stacks);
}

static void numbers_stay_when_the_tables_grow(void)
{
    enum { MANY = 20000 };
    uint32_t parent = 0;

    begin();
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t number = sigprof__stacks_pc(&stacks, 0x400000 + 4096ull * i);

        CHECK_EQ(number, FORMAT_FIRST_PC + i);
        parent = sigprof__stacks_add(&stacks, i % 7 ? parent : 0, number);
        CHECK_EQ(parent, i + 1);
    }
    parent = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        CHECK_EQ(sigprof__stacks_pc(&stacks, 0x400000 + 4096ull * i),
                 FORMAT_FIRST_PC + i);
        parent = sigprof__stacks_find(&stacks, i % 7 ? parent : 0,
                                      FORMAT_FIRST_PC + i);
        CHECK_EQ(parent, i + 1);
    }
    CHECK_EQ(stacks.pcs, MANY);
    CHECK_EQ(stacks.nodes, MANY);
    sigprof__stacks_drop(&stacks);
}

static void after_a_clear_all_is_new(void)
{
    begin();
    for (uint32_t i = 0; i < 5000; i++)
        sigprof__stacks_add(&stacks, 0, sigprof__stacks_pc(&stacks, 100 + i));
    sigprof__stacks_clear(&stacks);
    CHECK_EQ(sigprof__stacks_find(&stacks, 0, 16), 0);
    CHECK_EQ(sigprof__stacks_pc(&stacks, 5099), FORMAT_FIRST_PC);
    CHECK_EQ(sigprof__stacks_add(&stacks, 0, 16), 1);
    sigprof__stacks_drop(&stacks);
}

int main(void)
{
    RUN(pcs_are_numbered_from_sixteen_on_in_order_of_appearance);
    RUN(marks_are_their_own_numbers);
    RUN(a_node_is_found_by_its_parent_and_its_pc);
    RUN(numbers_stay_when_the_tables_grow);
    RUN(after_a_clear_all_is_new);
    return 0;
}
