/* SPDX-License-Identifier: BSD-2-Clause */
/* How results of walks are kept. */
#include "support/walk.h"
#include "unwind/walker.h"

static struct unwind_walk walk;

/* A walk that finds count frames, numbered from the root: first .. first+n. */
static void walk_numbers(uint32_t count, uintptr_t leaf, uintptr_t root)
{
    uint32_t pushed = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct unwind_frame *frame = unwind_push(walk.stack, &pushed);

        memset(frame, 0, sizeof *frame);
        frame->pc = i < count / 2 ? leaf + i : root + (count - i);
    }
    CHECK_EQ(pushed, count);
    sigprof__unwind_store(walk.stack, count);
}

static void a_first_walk_shares_nothing(void)
{
    test_walk_make(&walk, 8);
    walk_numbers(4, 100, 200);
    CHECK_EQ(test_walk_count(&walk), 4);
    CHECK_EQ(walk.stack->shared, 0);
    CHECK_EQ(test_walk_pc(&walk, 0), 100);
    CHECK_EQ(test_walk_pc(&walk, 1), 101);
    CHECK_EQ(test_walk_pc(&walk, 2), 202);
    CHECK_EQ(test_walk_pc(&walk, 3), 201);
}

static void an_equal_walk_shares_everything(void)
{
    walk_numbers(4, 100, 200);
    CHECK_EQ(walk.stack->shared, 4);
    CHECK_EQ(test_walk_count(&walk), 4);
    CHECK_EQ(test_walk_pc(&walk, 0), 100);
}

static void a_longer_or_shorter_leaf_side_shares_the_root_side(void)
{
    walk_numbers(4, 300, 200);
    CHECK_EQ(walk.stack->shared, 2);
    CHECK_EQ(test_walk_pc(&walk, 1), 301);
    walk_numbers(6, 300, 200);
    CHECK_EQ(walk.stack->shared, 2);
    CHECK_EQ(test_walk_count(&walk), 6);
    CHECK_EQ(test_walk_pc(&walk, 5), 201);
    walk_numbers(2, 400, 200);
    CHECK_EQ(walk.stack->shared, 1);
    CHECK_EQ(test_walk_count(&walk), 2);
}

static void a_deep_stack_keeps_both_ends_with_a_mark_between(void)
{
    for (uint32_t count = 9; count < 60; count++) {
        walk_numbers(count, 1000, 2000);
        CHECK_EQ(test_walk_count(&walk), 9);
        for (uint32_t i = 0; i < 4; i++) {
            CHECK_EQ(test_walk_pc(&walk, i), 1000 + i);
            CHECK_EQ(test_walk_pc(&walk, 8 - i), 2001 + i);
        }
        CHECK_EQ(test_walk_pc(&walk, 4), FORMAT_MARK_GAP);
    }
    test_walk_drop(&walk);
}

static void what_was_kept_counts_towards_the_depth(void)
{
    test_walk_make(&walk, 8);
    for (uint32_t fresh = 0; fresh <= 20; fresh++) {
        uint32_t pushed = 0;

        walk_numbers(8, 100, 200);
        for (uint32_t i = 0; i < fresh; i++)
            unwind_push(walk.stack, &pushed)->pc = 5000 + i;
        sigprof__unwind_join(walk.stack, fresh, 8);
        CHECK_EQ(test_walk_pc(&walk, test_walk_count(&walk) - 1), 201);
        if (fresh == 0) {
            CHECK_EQ(test_walk_count(&walk), 8);
            CHECK_EQ(walk.stack->shared, 8);
            continue;
        }
        CHECK_EQ(test_walk_count(&walk), 9);
        CHECK_EQ(walk.stack->shared, 4);
        CHECK_EQ(test_walk_pc(&walk, 4), FORMAT_MARK_GAP);
        for (uint32_t i = 0; i < 4; i++)
            CHECK_EQ(test_walk_pc(&walk, i),
                     i < fresh ? 5000 + i : 100 + i - fresh);
    }
    test_walk_drop(&walk);
}

static void the_smallest_depths_work(void)
{
    for (uint32_t depth = 1; depth < 4; depth++) {
        test_walk_make(&walk, depth);
        for (uint32_t count = 1; count < 20; count++) {
            walk_numbers(count, 1000, 2000);
            CHECK_EQ(test_walk_pc(&walk, 0), count > 1 ? 1000 : 2001);
            CHECK(test_walk_count(&walk) <= depth + 1);
        }
        test_walk_drop(&walk);
    }
}

int main(void)
{
    RUN(a_first_walk_shares_nothing);
    RUN(an_equal_walk_shares_everything);
    RUN(a_longer_or_shorter_leaf_side_shares_the_root_side);
    RUN(a_deep_stack_keeps_both_ends_with_a_mark_between);
    RUN(what_was_kept_counts_towards_the_depth);
    RUN(the_smallest_depths_work);
    return 0;
}
