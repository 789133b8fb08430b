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

/* As those, each for one question: the rule of one that has been asked is remembered. */
#define DIES(mode, name)                                                       \
    void name(int number) __attribute__((noreturn));                           \
    extern const char name##_behind[];                                         \
    __asm__(".text\n"                                                          \
            ".globl " #name "_behind\n"                                        \
            ".fnstart\n"                                                       \
            ".cantunwind\n"                                                    \
            ".balign 4\n" mode ".type " #name ", %function\n" #name ":\n"      \
            "push {r4, lr}\n"                                                  \
            "mov r0, lr\n"                                                     \
            "bl exidx_sample\n" #name "_behind:\n"                             \
            "udf #0\n"                                                         \
            ".fnend\n"                                                         \
            ".thumb\n")

DIES(".thumb\n.thumb_func\n", thumb_handles);
DIES(".arm\n", arm_handles);
DIES(".thumb\n.thumb_func\n", thumb_starts);
DIES(".arm\n", arm_starts);

/* As libgcc's functions that throw: all registers are saved, for somebody to change them. */
void saves_all(void) __attribute__((noreturn));
void thrower(void) __attribute__((noreturn));
extern const char saves_all_behind[], thrower_behind[];
__attribute__((noreturn, used)) void exidx_throw(uintptr_t sp, uintptr_t caller);
__attribute__((noreturn, used)) void exidx_change(uintptr_t *all);

__asm__(".text\n"
        ".globl saves_all_behind, thrower_behind\n"
        ".thumb\n"
        ".type thrower, %function\n"
        ".thumb_func\n"
        "thrower:\n"
        ".fnstart\n"
        "push {r4, lr}\n"
        ".save {r4, lr}\n"
        "sub sp, #24\n"
        ".pad #24\n"
        "mov r0, sp\n"
        "mov r1, lr\n"
        "bl exidx_throw\n"
        "thrower_behind:\n"
        "udf #0\n"
        ".fnend\n"
        ".type saves_all, %function\n"
        ".thumb_func\n"
        "saves_all:\n"
        ".fnstart\n"
        ".cantunwind\n"
        "mov ip, sp\n"
        "push {lr}\n"
        "push {ip, lr}\n"
        "push {r0-r9, sl, fp, ip}\n"
        "mov r3, #0\n"
        "push {r2, r3}\n"
        "add r0, sp, #8\n"
        "bl exidx_change\n"
        "saves_all_behind:\n"
        "ldr lr, [sp, #64]\n"
        "add sp, #72\n"
        "bx lr\n"
        ".fnend\n");

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

/* The number of what called that frame. */
static uint32_t behind_guess(uint32_t at)
{
    do
        at++;
    while (test_walk_pc(&walk, at) == FORMAT_MARK_GUESS);
    return at;
}

static uint32_t frame_of(const char *behind)
{
    uintptr_t pc = (uintptr_t)behind & ~(uintptr_t)1;
    uint32_t at = 0;

    while (test_walk_pc(&walk, at) != pc)
        at++;
    return at;
}

/* What called the frame there. */
static uintptr_t caller_of(const char *behind)
{
    return test_walk_pc(&walk, behind_guess(frame_of(behind)));
}

/* Its caller is where handlers return to. */
static void check_signal(const char *behind)
{
    uint32_t at = behind_guess(frame_of(behind));

    CHECK_EQ(test_walk_pc(&walk, at), caller_pc);
    CHECK_EQ(test_walk_pc(&walk, at + 1), FORMAT_MARK_SIGNAL);
    CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK, FORMAT_END_COMPLETE);
}

static void check_callers(const char *behind)
{
    CHECK_EQ(caller_of(behind), caller_pc);
}

static void begin(void)
{
    test_walk_make(&walk, 256);
    CHECK_EQ(sigprof__os_stack_self(&walk.thread.low, &walk.thread.high), 0);
}

static void a_variadic_function_that_never_returns_has_its_caller(void)
{
    begin();
    if (!sigsetjmp(back, 1))
        thumb_dies("%d", 1);
    check_callers(thumb_dies_behind);
    if (!sigsetjmp(back, 1))
        arm_dies("%d", 1);
    check_callers(arm_dies_behind);
    test_walk_drop(&walk);
}

static void check_handler(void (*handles)(int number), const char *behind)
{
    struct sigaction action = {.sa_handler = handles, .sa_flags = SA_NODEFER};

    begin();
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    if (!sigsetjmp(back, 1))
        raise(SIGUSR1);
    check_signal(behind);
    test_walk_drop(&walk);
}

/* What it returns to follows no call. */
static void a_handler_that_never_returns_has_its_signal(void)
{
    check_handler(thumb_handles, thumb_handles_behind);
    check_handler(arm_handles, arm_handles_behind);
}

#ifdef __GLIBC__ /* musl has no makecontext */
static void check_start(void (*starts)(int number), const char *behind)
{
    enum { BYTES = 64 << 10 };
    static ucontext_t here, coroutine;
    void *stack = malloc(BYTES);
    union {
        void (*with)(int number);
        void (*without)(void);
    } function = {starts};

    CHECK(stack);
    begin();
    CHECK(getcontext(&coroutine) == 0);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = BYTES;
    coroutine.uc_link = &here;
    makecontext(&coroutine, function.without, 0);
    if (!sigsetjmp(back, 1))
        swapcontext(&here, &coroutine);
    check_callers(behind);
    CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK, FORMAT_END_COMPLETE);
    free(stack);
    test_walk_drop(&walk);
}

/* Nor does where its stack ends. */
static void a_first_function_that_never_returns_has_none(void)
{
    check_start(thumb_starts, thumb_starts_behind);
    check_start(arm_starts, arm_starts_behind);
}
#endif

static uintptr_t thrower_sp;

/* Between the two are frames which are given up. */
void exidx_throw(uintptr_t sp, uintptr_t caller)
{
    thrower_sp = sp;
    caller_pc = caller & ~(uintptr_t)1;
    saves_all();
}

void exidx_change(uintptr_t *all)
{
    raise(SIGPROF); /* its rule is found before anything is changed */
    CHECK(caller_of(saves_all_behind) != ((uintptr_t)thrower_behind & ~(uintptr_t)1));
    CHECK_EQ(caller_of(thrower_behind), caller_pc);
    all[13] = thrower_sp;
    all[14] = (uintptr_t)thrower_behind | 1;
    raise(SIGPROF);
    siglongjmp(back, 1);
}

static void a_throw_goes_on_where_it_has_come_to(void)
{
    begin();
    if (!sigsetjmp(back, 1))
        thrower();
    CHECK_EQ(caller_of(saves_all_behind),
             (uintptr_t)thrower_behind & ~(uintptr_t)1);
    check_callers(thrower_behind);
    CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK, FORMAT_END_COMPLETE);
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
    RUN(a_handler_that_never_returns_has_its_signal);
#ifdef __GLIBC__
    RUN(a_first_function_that_never_returns_has_none);
#endif
    RUN(a_throw_goes_on_where_it_has_come_to);
    RUN(what_has_no_caller_has_a_rule_of_its_own);
    return 0;
}
