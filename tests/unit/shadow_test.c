/* SPDX-License-Identifier: BSD-2-Clause */
/* Shadow stacks among native frames: exact stacks in, exact stacks out. */
#include "guest.h"

static void a_shadow_stack_lists_what_was_pushed(void)
{
    struct sigprof_shadow_frame room[4];
    struct sigprof_shadow shadow;

    begin();
    set_native("1 5 2 5 3");
    sigprof_shadow_init(&shadow, room, 4);
    sigprof_guest_enter(&shadow.guest);
    CHECK_STR(recorded(), "n1 n5 n2 n5 n3");
    sigprof_shadow_push(&shadow, 7, 70, sp_of(5, 0));
    sigprof_shadow_push(&shadow, 8, 80, sp_of(5, 1));
    sigprof_shadow_push(&shadow, 9, 90, sp_of(5, 1));
    CHECK_STR(recorded(), "n1 g7 n2 g8 g9 n3");
    sigprof_shadow_line(&shadow, 91);
    CHECK_EQ(room[2].line, 91);
    sigprof_shadow_pop(&shadow);
    CHECK_STR(recorded(), "n1 g7 n2 g8 n3");
    sigprof_shadow_cut(&shadow, 1);
    CHECK_STR(recorded(), "n1 g7 n2 n5 n3");
    sigprof_guest_enter(NULL);
}

static void a_shadow_stack_that_overflows_says_so(void)
{
    struct sigprof_shadow_frame room[2];
    struct sigprof_shadow shadow;

    begin();
    set_native("1 5 2 5 3");
    sigprof_shadow_init(&shadow, room, 2);
    sigprof_guest_enter(&shadow.guest);
    for (unsigned i = 0; i < 4; i++)
        sigprof_shadow_push(&shadow, 6 + i, 1, sp_of(5, i / 2));
    CHECK_EQ(shadow.depth, 4);
    sigprof_shadow_line(&shadow, 5); /* of a frame that has no room */
    CHECK_STR(recorded(), "n1 g6 g7 n2 -2 n3");
    sigprof_shadow_pop(&shadow);
    sigprof_shadow_pop(&shadow);
    CHECK_STR(recorded(), "n1 g6 g7 n2 n5 n3");
    sigprof_guest_enter(NULL);
}

static void a_deep_shadow_stack_keeps_both_ends(void)
{
    static struct sigprof_shadow_frame room[1000];
    struct sigprof_shadow shadow;

    begin();
    set_native("1 5");
    sigprof_shadow_init(&shadow, room, 1000);
    sigprof_guest_enter(&shadow.guest);
    for (uint32_t i = 0; i < 1000; i++)
        sigprof_shadow_push(&shadow, 1 + i, 1, sp_of(5, 0));
    CHECK_STR(recorded(), "n1 g1 g2 g3 g4 g5 g6 g7 -2 g993 g994 g995 g996 g997 "
                          "g998 g999 g1000");
    sigprof_guest_enter(NULL);
}

#ifdef __x86_64__
#include <signal.h>

#define TRAP_FLAG "0x100"

static struct sigprof_shadow_frame stepped_frames[4];
static struct sigprof_shadow stepped;
static unsigned steps, deepest, wrong;

/* After each instruction: what counts is whole. Frame i is of function i + 1. */
static void look(int number, siginfo_t *info, void *ucontext)
{
    uint32_t depth = stepped.depth;

    (void)number;
    (void)info;
    (void)ucontext;
    steps++;
    deepest = depth > deepest ? depth : deepest;
    wrong += depth > 6;
    for (uint32_t i = 0; i < depth && i < stepped.room; i++)
        wrong += stepped_frames[i].function != i + 1 ||
                 stepped_frames[i].line != 10 * (i + 1) ||
                 stepped_frames[i].sp != &stepped_frames[i];
}

static void at_each_instruction_a_shadow_stack_is_whole(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};

    action.sa_sigaction = look;
    CHECK_EQ(sigaction(SIGTRAP, &action, NULL), 0);
    memset(stepped_frames, 0xff, sizeof stepped_frames);
    sigprof_shadow_init(&stepped, stepped_frames, 4);
    __asm__ volatile("pushfq; orq $" TRAP_FLAG ", (%%rsp); popfq" : : : "cc", "memory");
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 6; i++)
            sigprof_shadow_push(&stepped, i + 1, 10 * (i + 1),
                                i < 4 ? &stepped_frames[i] : NULL);
        for (uint32_t i = 0; i < 3; i++)
            sigprof_shadow_pop(&stepped);
        sigprof_shadow_cut(&stepped, 0);
    }
    __asm__ volatile("pushfq; andq $~" TRAP_FLAG ", (%%rsp); popfq" : : : "cc", "memory");
    signal(SIGTRAP, SIG_DFL);
    printf("   %u steps\n", steps);
    CHECK(steps > 100);
    CHECK_EQ(deepest, 6);
    CHECK_EQ(wrong, 0);
}
#endif

int main(void)
{
    CHECK_EQ(sigprof_loop_declare((void *)PC(5), 0x1000), 0);
    CHECK_EQ(sigprof_loop_declare((void *)PC(6), 0x1000), 0);
    RUN(a_shadow_stack_lists_what_was_pushed);
    RUN(a_shadow_stack_that_overflows_says_so);
    RUN(a_deep_shadow_stack_keeps_both_ends);
#ifdef __x86_64__
    RUN(at_each_instruction_a_shadow_stack_is_whole);
#endif
    return 0;
}
