/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The single-step oracle: after every instruction of real code, the engine's
 * whole stack must be the true one.
 *
 * The trap flag makes the CPU raise SIGTRAP after each instruction. The handler
 * keeps the truth in a shadow stack: a CALL puts its return address there, and
 * whatever lies below the stack pointer is gone. (Code that moves between stacks
 * or rewrites return addresses has no single truth for a few instructions; the
 * allowance below is for longjmp and for start-up stubs without CFI.) Then it
 * lets the engine walk from its ucontext, as a tick would, and compares.
 *
 * x86-64, Linux. usage: step_test MODULE [all]; "all" lists every mismatch.
 */
#include "step-work.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules.h"
#include "os/os.h"
#include "unwind/unwind.h"

#define TRAP_FLAG 0x100
#define DEPTH 256
#define SHADOW_MAX 4096
#define EXACT_PER_MILLION 999000
#define ENGINE_STACK 16384
#ifdef STEP_STACK_MAX  /* set for optimised builds without sanitizers */
#define ENGINE_STACK_MAX STEP_STACK_MAX
#else
#define ENGINE_STACK_MAX ENGINE_STACK
#endif
#define PAINT 0xa5

/* Sets the flag; the first trap comes after the instruction behind popfq. */
__asm__(".text\n"
        ".globl step_arm\n"
        ".type step_arm, @function\n"
        "step_arm:\n"
        ".cfi_startproc\n"
        "pushfq\n"
        ".cfi_adjust_cfa_offset 8\n"
        "orq $0x100, (%rsp)\n"
        "popfq\n"
        ".cfi_adjust_cfa_offset -8\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size step_arm, . - step_arm\n");

/* Calls engine(walk) on another stack, to see how much of it is used. */
void step_call_on(void *stack_top, unwind_engine *engine,
                  struct unwind_walk *walk);
__asm__(".text\n"
        ".globl step_call_on\n"
        ".type step_call_on, @function\n"
        "step_call_on:\n"
        ".cfi_startproc\n"
        "push %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbp, -16\n"
        "mov %rsp, %rbp\n"
        ".cfi_def_cfa_register %rbp\n"
        "mov %rdi, %rsp\n"
        "mov %rdx, %rdi\n"
        "call *%rsi\n"
        "mov %rbp, %rsp\n"
        "pop %rbp\n"
        ".cfi_def_cfa %rsp, 8\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size step_call_on, . - step_call_on\n");

struct shadow {
    uintptr_t slot; /* where the return address lies */
    uintptr_t pc;
    bool signal;    /* pc was interrupted by one */
};

struct cause {
    char where[96];
    unsigned long steps;
};

static struct {
    struct shadow shadow[SHADOW_MAX];
    unsigned count;
    uintptr_t base[64]; /* return addresses above the stepped code */
    unsigned base_count;
    uintptr_t pc, sp; /* before the instruction that has just run */
    volatile bool armed;
    volatile bool stopping;
    uintptr_t restorer;

    struct unwind_walk walk;
    struct unwind_stack stack;
    unwind_engine *engine;
    unsigned char engine_stack[ENGINE_STACK] __attribute__((aligned(64)));

    unsigned long steps, wrong, guessed, shared, frames, most_frames;
    struct cause causes[64];
    unsigned cause_count;
    bool list_all;
} test;

static bool is_call(const uint8_t *code)
{
    while (*code == 0x66 || *code == 0xf2 || *code == 0xf3 || *code == 0x2e ||
           *code == 0x3e || *code == 0x64 || *code == 0x65 ||
           (*code & 0xf0) == 0x40)
        code++;
    return *code == 0xe8 || (*code == 0xff && ((code[1] >> 3) & 7) == 2);
}

static void push_shadow(uintptr_t slot, uintptr_t pc, bool signal)
{
    if (test.count == SHADOW_MAX)
        abort();
    test.shadow[test.count].slot = slot;
    test.shadow[test.count].pc = pc;
    test.shadow[test.count++].signal = signal;
}

/* The return from a handler: everything above its mark is gone. */
static void leave_handler(void)
{
    while (test.count > 0 && !test.shadow[test.count - 1].signal)
        test.count--;
    if (test.count > 0)
        test.count--;
}

static void follow(uintptr_t pc, uintptr_t sp)
{
    const uint8_t *code = (const uint8_t *)test.pc;
    uintptr_t top = *(const uintptr_t *)sp;

    if (test.restorer && test.pc - test.restorer < 16 && code[0] == 0x0f &&
        code[1] == 0x05)
        leave_handler();
    else if (sp == test.sp - 8 && top - test.pc < 16 && is_call(code))
        push_shadow(sp, top, false);
    while (test.count > 0 && !test.shadow[test.count - 1].signal &&
           test.shadow[test.count - 1].slot < sp)
        test.count--;
    test.pc = pc;
    test.sp = sp;
}

/* The engine's frames against the truth; true if they are the same. */
static bool compare(uintptr_t pc)
{
    const struct unwind_stack *stack = &test.stack;
    uint32_t at = stack->top;
    uint32_t left = test.count + test.base_count;

    if ((stack->end & FORMAT_END_REASON_MASK) != FORMAT_END_COMPLETE ||
        stack->frame[at++].pc != pc)
        return false;
    for (unsigned i = 0; i < left; i++, at++) {
        bool ours = i < test.count;
        const struct shadow *shadow =
            ours ? &test.shadow[test.count - 1 - i] : NULL;

        while (at < stack->capacity && stack->frame[at].pc == FORMAT_MARK_GUESS)
            at++;
        if (at < stack->capacity && shadow && shadow->signal &&
            stack->frame[at++].pc != FORMAT_MARK_SIGNAL)
            return false;
        if (at >= stack->capacity ||
            stack->frame[at].pc !=
                (ours ? shadow->pc : test.base[i - test.count]))
            return false;
    }
    return at == stack->capacity;
}

static void count_cause(uintptr_t pc)
{
    Dl_info info = {0};
    const char *file;
    char where[96];

    dladdr((void *)pc, &info);
    file = info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
    snprintf(where, sizeof where, "end %u, %s %s", test.stack.end,
             file ? file + 1 : "?", info.dli_sname ? info.dli_sname : "?");
    if (!info.dli_sname || test.list_all)
        snprintf(where + strlen(where), sizeof where - strlen(where), "+%#lx",
                 (unsigned long)(pc - (uintptr_t)(info.dli_sname
                                                      ? info.dli_saddr
                                                      : info.dli_fbase)));
    for (unsigned i = 0; i < test.cause_count; i++) {
        if (strcmp(test.causes[i].where, where) == 0) {
            test.causes[i].steps++;
            return;
        }
    }
    if (test.cause_count < 64) {
        strcpy(test.causes[test.cause_count].where, where);
        test.causes[test.cause_count++].steps = 1;
    }
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    ucontext_t *ucontext = context;
    uintptr_t pc = (uintptr_t)ucontext->uc_mcontext.gregs[REG_RIP];
    uintptr_t sp = (uintptr_t)ucontext->uc_mcontext.gregs[REG_RSP];
    uint32_t frames;

    (void)number;
    (void)info;
    if (test.stopping) {
        ucontext->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
        return;
    }
    if (test.armed) {
        follow(pc, sp);
    } else { /* the first one, behind step_arm */
        test.armed = true;
        test.pc = pc;
        test.sp = sp;
    }
    test.walk.ucontext = context;
    step_call_on(test.engine_stack + ENGINE_STACK, test.engine, &test.walk);
    test.steps++;
    frames = test.stack.capacity - test.stack.top;
    test.frames += frames;
    test.shared += test.stack.shared;
    if (frames > test.most_frames)
        test.most_frames = frames;
    if (test.stack.end & FORMAT_END_GUESSED)
        test.guessed++;
    if (!compare(pc)) {
        test.wrong++;
        count_cause(pc);
    }
}

void step_enter_handler(const ucontext_t *interrupted, void *slot)
{
    test.restorer = *(const uintptr_t *)slot;
    push_shadow((uintptr_t)interrupted->uc_mcontext.gregs[REG_RSP],
                (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP], true);
    push_shadow((uintptr_t)slot, test.restorer, false);
    push_shadow((uintptr_t)__builtin_frame_address(0) + 8,
                (uintptr_t)__builtin_return_address(0), false);
    test.armed = false;
    step_arm();
}

static __attribute__((noinline)) void run(const struct step_work *work)
{
    void *calls[64];
    int count = backtrace(calls, 64);

    test.base_count = 0;
    for (int i = 1; i < count; i++)
        test.base[test.base_count++] = (uintptr_t)calls[i];
    test.count = 0;
    test.armed = false;
    test.stopping = false;
    step_arm();
    work->run();
    test.stopping = true;
    __asm__ volatile("nop\nnop" ::: "memory");
}

static void make_stack(void)
{
    struct unwind_stack *stack = &test.stack;

    stack->depth = DEPTH;
    stack->capacity = DEPTH + 8;
    stack->top = stack->capacity;
    stack->frame = calloc(stack->capacity, sizeof *stack->frame);
    stack->fresh = calloc(stack->capacity, sizeof *stack->fresh);
    stack->window = calloc(1, sizeof *stack->window);
    if (!stack->frame || !stack->fresh || !stack->window)
        abort();
    test.walk.stack = stack;
    test.walk.may_call_system = true;
    if (sigprof__os_stack_main(&test.walk.thread.low, &test.walk.thread.high))
        abort();
}

static unsigned engine_stack_used(void)
{
    unsigned at = 0;

    while (at < ENGINE_STACK && test.engine_stack[at] == PAINT)
        at++;
    return ENGINE_STACK - at;
}

static unsigned long report(const char *name, unsigned long since_steps,
                            unsigned long since_wrong)
{
    printf("%-12s %8lu steps %6lu differ\n", name, test.steps - since_steps,
           test.wrong - since_wrong);
    return test.wrong - since_wrong;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_sigaction = on_trap,
                               .sa_flags = SA_SIGINFO};
    unsigned long exact;

    if (argc < 2) {
        fprintf(stderr, "usage: step_test MODULE [all]\n");
        return 2;
    }
    step_module = argv[1];
    test.list_all = argc > 2;
    test.engine = sigprof__unwind_cfi;
    make_stack();
    /* The library is linked with -z now; here that call would bind lazily. */
    sigprof__os_read_memory((uintptr_t)argv, &exact, sizeof exact);
    memset(test.engine_stack, PAINT, ENGINE_STACK);
    if (sigprof__modules_refresh() != 0)
        return 1;
    sigaction(SIGTRAP, &action, NULL);
    for (const struct step_work *work = step_works; work->name; work++) {
        unsigned long steps = test.steps, wrong = test.wrong;

        run(work);
        report(work->name, steps, wrong);
    }
    exact = test.steps - test.wrong;
    printf("all          %8lu steps %6lu differ: %.4f %% exact; %.1f frames a "
           "walk, at most %lu; %.1f %% shared; %lu with a guess\n",
           test.steps, test.wrong, 100.0 * (double)exact / (double)test.steps,
           (double)test.frames / (double)test.steps, test.most_frames,
           100.0 * (double)test.shared / (double)test.frames, test.guessed);
    for (unsigned i = 0; i < test.cause_count; i++)
        printf("  %6lu  %s\n", test.causes[i].steps, test.causes[i].where);
    printf("the engine used %u bytes of stack\n", engine_stack_used());
    if (engine_stack_used() > ENGINE_STACK_MAX) {
        printf("FAIL: more than %d\n", ENGINE_STACK_MAX);
        return 1;
    }
    if (exact * 1000000 / test.steps < EXACT_PER_MILLION) {
        printf("FAIL: below %d of a million\n", EXACT_PER_MILLION);
        return 1;
    }
    return 0;
}
