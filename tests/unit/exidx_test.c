/* SPDX-License-Identifier: BSD-2-Clause */
/* exidx.h: frames of arm's code that no table tells of, made by hand. */
#include "unwind/exidx.h"

#include <setjmp.h>
#include <signal.h>

#include "modules.h"
#include "os/os.h"
#include "support/walk.h"

void thumb_dies(const char *format, ...) __attribute__((noreturn));
void arm_dies(const char *format, ...) __attribute__((noreturn));
extern const char thumb_dies_behind[], arm_dies_behind[], behind_nop[];
__attribute__((noreturn, used)) void exidx_sample(uintptr_t caller);

/* Both are variadic, and never return: a trap is behind the call. The function in front
 * is what they may be taken for. */
__asm__(".text\n"
        ".syntax unified\n"
        ".fnstart\n"
        ".cantunwind\n"
        ".balign 4\n"
        ".thumb\n"
        ".thumb_func\n"
        "thumb_burns:\n"
        "push {r4, r5, r6, r7, lr}\n"
        "sub sp, #20\n"
        "add sp, #20\n"
        "pop {r4, r5, r6, r7, pc}\n"
        ".type thumb_dies, %function\n"
        ".thumb_func\n"
        "thumb_dies:\n"
        "push {r0, r1, r2, r3}\n"
        "push {r4, lr}\n"
        "sub sp, #8\n"
        "mov r0, lr\n"
        "bl exidx_sample\n"
        "thumb_dies_behind:\n"
        "udf #0\n"
        ".balign 4\n"
        ".arm\n"
        "arm_burns:\n"
        "push {r4, r5, r6, r7, lr}\n"
        "sub sp, sp, #20\n"
        "add sp, sp, #20\n"
        "pop {r4, r5, r6, r7, pc}\n"
        ".type arm_dies, %function\n"
        "arm_dies:\n"
        "push {r0, r1, r2, r3}\n"
        "push {r4, lr}\n"
        "sub sp, sp, #8\n"
        "mov r0, lr\n"
        "bl exidx_sample\n"
        "arm_dies_behind:\n"
        "udf #0\n"
        ".inst 0xe320f000\n" /* nop */
        "behind_nop:\n"
        "udf #0\n"
        ".fnend\n"
        ".thumb\n");

static struct unwind_walk walk;
static sigjmp_buf back;
static uintptr_t caller_pc;

static void on_signal(int number, siginfo_t *info, void *ucontext)
{
    (void)number;
    (void)info;
    walk.ucontext = ucontext;
    sigprof__unwind_cfi(&walk);
}

void exidx_sample(uintptr_t caller)
{
    caller_pc = caller & ~(uintptr_t)1;
    raise(SIGPROF);
    siglongjmp(back, 1);
}

static void check_callers(const char *behind)
{
    uintptr_t pc = (uintptr_t)behind & ~(uintptr_t)1;
    uint32_t at = 0, count = test_walk_count(&walk);

    while (at < count && test_walk_pc(&walk, at) != pc)
        at++;
    CHECK(at < count);
    do
        at++;
    while (at < count && test_walk_pc(&walk, at) == FORMAT_MARK_GUESS);
    CHECK(at < count);
    CHECK_EQ(test_walk_pc(&walk, at), caller_pc);
}

static void a_variadic_function_that_never_returns_has_its_caller(void)
{
    test_walk_make(&walk, 256);
    CHECK_EQ(sigprof__os_stack_self(&walk.thread.low, &walk.thread.high), 0);
    if (!sigsetjmp(back, 1))
        thumb_dies("%d", 1);
    check_callers(thumb_dies_behind);
    if (!sigsetjmp(back, 1))
        arm_dies("%d", 1);
    check_callers(arm_dies_behind);
    test_walk_drop(&walk);
}

/* What lies in the room for the answers, from other questions, is none. */
static void what_has_no_caller_has_a_rule_of_its_own(void)
{
    static struct rules_unit unit;
    static struct rules_row row;
    struct walker w = {0};
    struct place place = {.pc = (uintptr_t)behind_nop};
    bool read = true;

    test_walk_make(&walk, 8);
    CHECK_EQ(sigprof__os_stack_self(&walk.thread.low, &walk.thread.high), 0);
    place.sp = walk.thread.high - 64;
    memset(walk.stack->window->scratch, 0xff, sizeof walk.stack->window->scratch);
    sigprof__memory_begin(&w.memory, &walk, place.sp);
    w.stack = walk.stack;
    w.snapshot = sigprof__modules();
    w.count = 2;
    w.steps = 1000;
    CHECK_EQ(sigprof__exidx_row(&w, &place, 0, &unit, &row, &read), CFI_FOUND);
    CHECK(!read);
    CHECK_EQ(row.kind[unit.ra_column], RULE_UNDEFINED);
    CHECK_EQ(row.cfa_register, REGS_SP);
    CHECK_EQ(row.cfa_value, 0);
    for (unsigned i = 0; i < RULES_COLUMNS; i++)
        CHECK(row.kind[i] == RULE_SAME || row.kind[i] == RULE_UNDEFINED);
    test_walk_drop(&walk);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESTART};

    CHECK(sigaction(SIGPROF, &action, NULL) == 0);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    RUN(a_variadic_function_that_never_returns_has_its_caller);
    RUN(what_has_no_caller_has_a_rule_of_its_own);
    return 0;
}
