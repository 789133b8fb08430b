/* SPDX-License-Identifier: BSD-2-Clause */
/* lost.c: a walk goes on past a return address that nobody has kept. */
#include "unwind/walker.h"

#include <setjmp.h>
#include <signal.h>

#include "modules.h"
#include "os/os.h"
#include "support/walk.h"

void lost_caller(uintptr_t stale) __attribute__((noreturn));
extern const char lost_behind[], lost_stale[];
__attribute__((noreturn, used)) void lost_sample(uintptr_t caller);

/* lost_within's tables tell of nothing, and its call takes the return address that it has in
 * the link register. lost_caller hands on its own; below that, in its frame, is another that
 * was left there by an earlier call. There are no frame pointers. */
#ifdef __aarch64__
__asm__(".text\n"
        ".globl lost_behind, lost_stale\n"
        ".balign 4\n"
        ".type lost_caller, %function\n"
        "lost_caller:\n"
        ".cfi_startproc\n"
        "sub sp, sp, #64\n"
        ".cfi_def_cfa_offset 64\n"
        "str x30, [sp, #24]\n"
        ".cfi_offset 30, -40\n"
        "str x0, [sp, #8]\n"
        "mov x0, x30\n"
        "mov x29, #0\n"
        "bl lost_within\n"
        "brk #0\n"
        ".cfi_endproc\n"
        ".type lost_within, %function\n"
        "lost_within:\n"
        ".cfi_startproc\n"
        "bl lost_sample\n"
        "lost_behind:\n"
        "brk #0\n"
        ".cfi_endproc\n"
        ".type lost_other, %function\n"
        "lost_other:\n"
        ".cfi_startproc\n"
        "sub sp, sp, #4080\n"
        ".cfi_def_cfa_offset 4080\n"
        "str x30, [sp]\n"
        ".cfi_offset 30, -4080\n"
        "bl lost_other\n"
        "lost_stale:\n"
        "brk #0\n"
        ".cfi_endproc\n");
#else
__asm__(".text\n"
        ".globl lost_behind, lost_stale\n"
        ".syntax unified\n"
        ".balign 4\n"
        ".thumb\n"
        ".type lost_caller, %function\n"
        ".thumb_func\n"
        "lost_caller:\n"
        ".fnstart\n"
        "push {r4, lr}\n"
        ".save {r4, lr}\n"
        "sub sp, #32\n"
        ".pad #32\n"
        "orr r0, #1\n"
        "str r0, [sp, #8]\n"
        "mov r0, lr\n"
        "bl lost_within\n"
        "udf #0\n"
        ".fnend\n"
        ".type lost_within, %function\n"
        ".thumb_func\n"
        "lost_within:\n"
        ".fnstart\n"
        ".cantunwind\n"
        "push {r1, r2, r3, r4}\n"
        "bl lost_sample\n"
        "lost_behind:\n"
        "udf #0\n"
        ".fnend\n"
        ".type lost_other, %function\n"
        ".thumb_func\n"
        "lost_other:\n"
        ".fnstart\n"
        "push {r4, lr}\n"
        ".save {r4, lr}\n"
        "sub sp, #440\n"
        ".pad #440\n"
        "bl lost_other\n"
        "lost_stale:\n"
        "udf #0\n"
        ".fnend\n");
#endif

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

void lost_sample(uintptr_t caller)
{
    caller_pc = arch_return_address(caller);
    raise(SIGPROF);
    siglongjmp(back, 1);
}

static uint32_t find(uintptr_t pc)
{
    uint32_t at = 0, count = test_walk_count(&walk);

    while (at < count && test_walk_pc(&walk, at) != pc)
        at++;
    return at;
}

static void one_frame_is_left_out_and_the_rest_is_there(void)
{
    uint32_t at, behind;

    test_walk_make(&walk, 256);
    walk.may_call_system = true;
    CHECK_EQ(sigprof__os_stack_self(&walk.thread.low, &walk.thread.high), 0);
    if (!sigsetjmp(back, 1))
        lost_caller((uintptr_t)lost_stale);
    behind = find(arch_return_address((uintptr_t)lost_behind));
    at = find(caller_pc);
    CHECK_EQ(at, behind + 2);
    CHECK_EQ(test_walk_pc(&walk, behind + 1), FORMAT_MARK_GUESS);
    CHECK_EQ(walk.stack->end, FORMAT_END_COMPLETE | FORMAT_END_GUESSED);
    test_walk_drop(&walk);
}

/* Nothing on the stack leads on: the walk ends, as it would without. */
static void where_nothing_leads_on_it_stays_where_it_is(void)
{
    static uintptr_t stack[64];
    struct walker w = {0};

    test_walk_make(&walk, 8);
    walk.thread.low = (uintptr_t)stack;
    walk.thread.high = (uintptr_t)(stack + 64);
    for (unsigned i = 0; i < 64; i++)
        stack[i] = (uintptr_t)lost_behind;
    sigprof__memory_begin(&w.memory, &walk, walk.thread.low);
    w.stack = walk.stack;
    w.snapshot = sigprof__modules();
    w.steps = UNWIND_STEPS_MAX;
    w.count = 2;
    w.at.pc = (uintptr_t)lost_behind;
    w.at.sp = walk.thread.low;
    CHECK(!sigprof__cfi_lost(&w, walk.thread.low));
    CHECK_EQ(w.at.pc, (uintptr_t)lost_behind);
    CHECK_EQ(w.at.sp, walk.thread.low);
    CHECK(w.steps < UNWIND_STEPS_MAX);
    w.steps = 2; /* a bound that is reached is kept to */
    CHECK(!sigprof__cfi_lost(&w, walk.thread.low));
    CHECK_EQ(w.steps, 0);
    test_walk_drop(&walk);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESTART};

    CHECK(sigaction(SIGPROF, &action, NULL) == 0);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    sigprof__cfi_prepare();
    RUN(one_frame_is_left_out_and_the_rest_is_there);
    RUN(where_nothing_leads_on_it_stays_where_it_is);
    return 0;
}
