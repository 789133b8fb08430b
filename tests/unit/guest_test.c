/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests' frames among native ones: exact stacks in, exact stacks out. */
#include "guest.h"

/* ---- Walks ----------------------------------------------------------------- */

/* Innermost first; function 0 ends it. */
struct script {
    struct {
        uint32_t function;
        const void *sp;
        unsigned flags;
    } frame[32];
    int result;
};

static int play(struct sigprof_guest *guest, struct sigprof_walk *walk)
{
    const struct script *script = guest->state;

    for (unsigned i = 0; i < 32 && script->frame[i].function; i++)
        if (!sigprof_walk_frame(walk, script->frame[i].function, 1,
                                script->frame[i].sp, script->frame[i].flags))
            break;
    return script->result;
}

static struct sigprof_guest guest_of(struct script *script)
{
    return (struct sigprof_guest){.walk = play, .state = script};
}

static const char *recorded_with(struct script *script)
{
    struct sigprof_guest guest = guest_of(script);

    sigprof_guest_enter(&guest);
    recorded();
    sigprof_guest_enter(NULL);
    return text + 1;
}

#define ENTRY SIGPROF_FRAME_ENTRY

static void without_a_guest_the_native_stack_is_the_result(void)
{
    begin();
    set_native("1 5 2");
    CHECK_STR(recorded(), "n1 n5 n2");
    CHECK_EQ(native.top, native.capacity - 3);
}

static void frames_with_an_sp_replace_the_loop_that_runs_them(void)
{
    begin();
    set_native("1 5 2 5 3");
    struct script script = {.frame = {{9, sp_of(5, 1), 0},
                                      {8, NULL, 0},
                                      {7, sp_of(5, 0), 0}}};

    CHECK_STR(recorded_with(&script), "n1 g7 n2 g8 g9 n3");
}

static void a_loop_that_is_not_declared_stays(void)
{
    begin();
    set_native("1 4 2 4 3");
    struct script script = {.frame = {{9, sp_of(4, 1), 0}, {7, sp_of(4, 0), 0}}};

    CHECK_STR(recorded_with(&script), "n1 n4 g7 n2 n4 g9 n3");
}

static void a_loop_that_runs_nothing_yet_stays(void)
{
    begin();
    set_native("1 5 2 5");
    struct script script = {.frame = {{7, sp_of(5, 0), 0}}};

    CHECK_STR(recorded_with(&script), "n1 g7 n2 n5");
}

static void entries_share_out_frames_without_sp(void)
{
    begin();
    set_native("1 5 2 6 3");
    struct script script = {
        .frame = {{9, NULL, 0}, {8, NULL, ENTRY}, {7, NULL, ENTRY}}};

    CHECK_STR(recorded_with(&script), "n1 g7 n2 g8 g9 n3");
}

static void the_outermost_loop_takes_what_is_left(void)
{
    begin();
    set_native("1 5 2 6 3");
    struct script script = {.frame = {{9, NULL, ENTRY},
                                      {8, NULL, ENTRY},
                                      {7, NULL, ENTRY}}};

    CHECK_STR(recorded_with(&script), "n1 g7 g8 n2 g9 n3");
}

static void frames_without_sp_and_loop_are_the_leafs_callees(void)
{
    begin();
    set_native("1 2");
    struct script script = {.frame = {{9, NULL, 0}, {8, NULL, ENTRY}}};

    CHECK_STR(recorded_with(&script), "n1 n2 g8 g9");
}

static void a_vm_that_cannot_tell_is_busy(void)
{
    begin();
    set_native("1 5 2");
    struct script script = {.frame = {{9, NULL, 0}}, .result = -1};

    CHECK_STR(recorded_with(&script), "n1 -5 n2");
}

static void frames_whose_native_frame_is_gone_are_left_out(void)
{
    begin();
    set_native("1 5 2 5 3");
    const void *gone = sp_of(3, 0), *there = sp_of(5, 0);

    set_native("1 5 2");
    gone = (const char *)gone - 0x400;
    struct script script = {.frame = {{9, gone, 0}, {7, there, 0}}};
    CHECK_STR(recorded_with(&script), "n1 g7 n2");
}

static void under_a_signal_on_another_stack_the_order_holds(void)
{
    begin();
    set_native("1 5 2 -1 3@95000 3 3");
    struct script script = {.frame = {{7, sp_of(5, 0), 0}}};

    CHECK_STR(recorded_with(&script), "n1 g7 n2 -1 n3 n3 n3");
}

static void a_deep_guest_keeps_to_the_depth(void)
{
    struct script script = {.result = 0};

    begin();
    set_native("1 5 2");
    for (unsigned i = 0; i < 31; i++)
        script.frame[i].function = 100 + i;
    script.frame[0].sp = sp_of(5, 0);
    /* 16 of the guest's, and a mark for the rest; of those and the native ones the
     * outer and the inner 8. */
    CHECK_STR(recorded_with(&script),
              "n1 -2 g115 g114 g113 g112 g111 g110 -2 g106 g105 g104 g103 g102 "
              "g101 g100 n2");
}

static int list_for_ever(struct sigprof_guest *guest, struct sigprof_walk *walk)
{
    (void)guest;
    while (sigprof_walk_frame(walk, 7, 1, NULL, 0))
        ;
    return 0;
}

static void guests_in_a_circle_end(void)
{
    struct sigprof_guest guest = {.walk = list_for_ever};

    begin();
    set_native("1 5 2");
    guest.outer = &guest;
    sigprof_guest_enter(&guest);
    CHECK_HAS(recorded(), "g7 g7");
    CHECK(strlen(text) < 4 * DEPTH + 40);
    sigprof_guest_enter(NULL);
}

static void a_guest_is_called_from_its_outer_one(void)
{
    begin();
    set_native("1 5 2 6 3");
    struct script outer_script = {.frame = {{7, sp_of(5, 0), 0}}};
    struct script inner_script = {.frame = {{9, sp_of(6, 0), 0}, {8, NULL, 0}}};
    struct sigprof_guest outer = guest_of(&outer_script);
    struct sigprof_guest inner = guest_of(&inner_script);

    inner.outer = &outer;
    CHECK(sigprof_guest_enter(&outer) == NULL);
    CHECK(sigprof_guest_enter(&inner) == &outer);
    CHECK_STR(recorded(), "n1 g7 n2 g8 g9 n3");
    CHECK(sigprof_guest_enter(NULL) == &inner);
}

static void frames_of_another_stack_are_outside_of_this_one(void)
{
    begin();
    set_native("1 5 2");
    struct script outer_script = {.frame = {{7, (void *)0xa0000, 0}}};
    struct script inner_script = {.frame = {{9, sp_of(5, 0), 0}}};
    struct sigprof_guest outer = guest_of(&outer_script);
    struct sigprof_guest inner = guest_of(&inner_script);

    inner.outer = &outer;
    sigprof_guest_enter(&inner);
    CHECK_STR(recorded(), "g7 n1 g9 n2");
    sigprof_guest_enter(NULL);
}

static void what_is_shared_with_the_walk_before_is_counted(void)
{
    begin();
    set_native("1 5 2 5 3");
    struct script script = {.frame = {{9, sp_of(5, 1), 0}, {7, sp_of(5, 0), 0}}};

    CHECK_STR(recorded_with(&script), "n1 g7 n2 g9 n3");
    CHECK_EQ(account.merged.shared, 0);
    script.frame[0].function = 10;
    CHECK_STR(recorded_with(&script), "n1 g7 n2 g10 n3");
    CHECK_EQ(account.merged.shared, 3);
}

/* ---- Reads ----------------------------------------------------------------- */

static int result_of_reads[4];
static char page_end[2 * UNWIND_PAGE_BYTES];

static int read_things(struct sigprof_guest *guest, struct sigprof_walk *walk)
{
    char copy[64];
    int value = 0, calls = 0;

    result_of_reads[0] = sigprof_walk_read(walk, &value, guest->state,
                                           sizeof value);
    result_of_reads[0] &= value == 4711;
    result_of_reads[1] = sigprof_walk_read(walk, copy, (void *)64, 8);
    for (size_t i = 0; i < UNWIND_PAGE_BYTES; i += 16) {
        memset(copy, 0, sizeof copy);
        calls += sigprof_walk_read(walk, copy, page_end + i, sizeof copy) &&
                 memcmp(copy, page_end + i, sizeof copy) == 0;
    }
    result_of_reads[2] = calls;
    for (calls = 0; sigprof_walk_read(walk, copy, (void *)(calls * 65536ul), 1) ||
                    calls < 1000;)
        calls++;
    result_of_reads[3] = sigprof_walk_read(walk, copy, page_end + 8, 8);
    return 0;
}

static void reads_answer_instead_of_faulting(void)
{
    int value = 4711;
    struct sigprof_guest guest = {.walk = read_things, .state = &value};

    for (size_t i = 0; i < sizeof page_end; i++)
        page_end[i] = (char)(i * 7 + i / 256);
    begin();
    set_native("1 5 2");
    sigprof_guest_enter(&guest);
    recorded();
    sigprof_guest_enter(NULL);
    CHECK_EQ(result_of_reads[0], 1);
    CHECK_EQ(result_of_reads[1], 0);
    CHECK_EQ(result_of_reads[2], UNWIND_PAGE_BYTES / 16);
    CHECK_EQ(result_of_reads[3], 1); /* what was read is still at hand */
    CHECK_EQ(account.walk.reads_left, 0);
}

static int remember(struct sigprof_guest *guest, struct sigprof_walk *walk)
{
    (void)guest;
    CHECK_EQ(sigprof_walk_recall(walk, 99), 0);
    sigprof_walk_remember(walk, 99, 12);
    CHECK_EQ(sigprof_walk_recall(walk, 99), 12);
    for (uint64_t key = 1000; key < 10000; key++)
        sigprof_walk_remember(walk, key, 13);
    CHECK_EQ(sigprof_walk_recall(walk, 99), 0);
    return 0;
}

static void a_walk_remembers_a_few_functions(void)
{
    struct sigprof_guest guest = {.walk = remember};

    begin();
    set_native("1");
    sigprof_guest_enter(&guest);
    recorded();
    sigprof_guest_enter(NULL);
}

/* ---- Loops ----------------------------------------------------------------- */

static void loops_are_declared(void)
{
    int here;

    CHECK_EQ(sigprof_loop_declare((void *)PC(5), 0x1000), 0);
    CHECK_EQ(sigprof_loop_declare((void *)PC(6), 0x1000), 0);
    CHECK_EQ(sigprof_loop_declare((void *)PC(6), 0x1000), 0); /* known */
    CHECK_EQ(sigprof_loop_declare(NULL, 1), SIGPROF_EINVAL);
    CHECK_EQ(sigprof_loop_declare((void *)1, SIZE_MAX), SIGPROF_EINVAL);
    CHECK_EQ(sigprof_loop_declare(&here, 0), SIGPROF_EINVAL);
    CHECK_EQ(atomic_load(&sigprof__guest_loops.count), 2);
#ifdef __arm__
    CHECK_EQ(sigprof_loop_declare((void *)(uintptr_t)loops_are_declared, 0),
             SIGPROF_EINVAL);
    CHECK_EQ(sigprof_loop_declare((void *)((uintptr_t)loops_are_declared | 1), 32), 0);
    CHECK_EQ(atomic_load(&sigprof__guest_loops.count), 3);
    CHECK_EQ(sigprof__guest_loops.range[2].low & 1, 0); /* Thumb or not */
    return;
#endif
    CHECK_EQ(sigprof_loop_declare((void *)(uintptr_t)loops_are_declared, 0), 0);
    CHECK_EQ(atomic_load(&sigprof__guest_loops.count), 3);
    CHECK(sigprof__guest_loops.range[2].low == (uintptr_t)loops_are_declared);
    CHECK(sigprof__guest_loops.range[2].high > (uintptr_t)loops_are_declared);
}

static void a_seventeenth_loop_is_refused(void)
{
    for (uintptr_t i = 100; i < 113; i++)
        CHECK_EQ(sigprof_loop_declare((void *)PC(i), 16), 0);
    CHECK_EQ(sigprof_loop_declare((void *)PC(200), 16), SIGPROF_EFULL);
}

int main(void)
{
    RUN(loops_are_declared);
    RUN(without_a_guest_the_native_stack_is_the_result);
    RUN(frames_with_an_sp_replace_the_loop_that_runs_them);
    RUN(a_loop_that_is_not_declared_stays);
    RUN(a_loop_that_runs_nothing_yet_stays);
    RUN(entries_share_out_frames_without_sp);
    RUN(the_outermost_loop_takes_what_is_left);
    RUN(frames_without_sp_and_loop_are_the_leafs_callees);
    RUN(a_vm_that_cannot_tell_is_busy);
    RUN(frames_whose_native_frame_is_gone_are_left_out);
    RUN(under_a_signal_on_another_stack_the_order_holds);
    RUN(a_deep_guest_keeps_to_the_depth);
    RUN(guests_in_a_circle_end);
    RUN(a_guest_is_called_from_its_outer_one);
    RUN(frames_of_another_stack_are_outside_of_this_one);
    RUN(what_is_shared_with_the_walk_before_is_counted);
    RUN(reads_answer_instead_of_faulting);
    RUN(a_walk_remembers_a_few_functions);
    RUN(a_seventeenth_loop_is_refused);
    return 0;
}
