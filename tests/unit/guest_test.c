/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests' frames among native ones, and the table of their functions: exact stacks
 * in, exact stacks out. */
#include "jit/guest.h"

#include <pthread.h>
#include <ucontext.h>

#include "jit/functions.h"
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

/* ---- Shadow stacks --------------------------------------------------------- */

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

/* ---- Functions ------------------------------------------------------------- */

static void equal_functions_have_the_equal_number(void)
{
    uint32_t a = sigprof_function_intern("f", "a.lua", 1);

    CHECK(a != 0);
    CHECK_EQ(sigprof_function_intern("f", "a.lua", 1), a);
    CHECK(sigprof_function_intern("f", "a.lua", 2) != a);
    CHECK(sigprof_function_intern("f", "b.lua", 1) != a);
    CHECK(sigprof_function_intern("g", "a.lua", 1) != a);
    CHECK(sigprof_function_intern("f", NULL, 1) != a);
    CHECK(sigprof_function_intern("fa", ".lua", 1) != a);
    CHECK_EQ(sigprof_function_intern("f", NULL, 1),
             sigprof_function_intern("f", "", 1));
    CHECK_EQ(sigprof_function_intern(NULL, "a.lua", 1), 0);
    CHECK_EQ(sigprof_function_intern("", "a.lua", 1), 0);
}

static void names_are_cut_to_1024_bytes(void)
{
    static char name[5000];
    uint32_t number;

    memset(name, 'n', sizeof name - 1);
    number = sigprof_function_intern(name, name, 1);
    name[1024] = '\0';
    CHECK_EQ(sigprof_function_intern(name, name, 1), number);
    name[1023] = '\0';
    CHECK(sigprof_function_intern(name, name, 1) != number);
}

#define SAME 2000

static void *intern_all(void *arg)
{
    uint32_t *numbers = arg;
    char name[32];

    for (unsigned i = 0; i < SAME; i++) {
        snprintf(name, sizeof name, "same %u", i);
        numbers[i] = sigprof_function_intern(name, "threads", i);
    }
    return NULL;
}

static void threads_agree_about_numbers(void)
{
    static uint32_t numbers[4][SAME];
    pthread_t threads[4];

    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, intern_all, numbers[i]), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < SAME; i++) {
        CHECK(numbers[0][i] != 0);
        for (unsigned j = 1; j < 4; j++)
            CHECK_EQ(numbers[j][i], numbers[0][i]);
    }
}

/* Last: nothing can be added after it. */
static void a_full_table_still_knows_what_it_has(void)
{
    uint32_t first = sigprof_function_intern("full 0", "full", 0), number = first;
    unsigned i = 0;
    char name[32];

    while (number && i <= FUNCTIONS_MAX) {
        snprintf(name, sizeof name, "full %u", ++i);
        number = sigprof_function_intern(name, "full", 0);
    }
    CHECK_EQ(number, 0);
    CHECK(i > FUNCTIONS_MAX / 2);
    CHECK_EQ(sigprof_function_intern("full 0", "full", 0), first);
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
    RUN(a_shadow_stack_lists_what_was_pushed);
    RUN(a_shadow_stack_that_overflows_says_so);
    RUN(a_deep_shadow_stack_keeps_both_ends);
#ifdef __x86_64__
    RUN(at_each_instruction_a_shadow_stack_is_whole);
#endif
    RUN(equal_functions_have_the_equal_number);
    RUN(names_are_cut_to_1024_bytes);
    RUN(threads_agree_about_numbers);
    RUN(a_seventeenth_loop_is_refused);
    RUN(a_full_table_still_knows_what_it_has);
    return 0;
}
