/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stepping by the trap flag, x86-64: the CPU raises SIGTRAP after each
 * instruction, and the handler asks the oracle with the ucontext that it got, as
 * a tick would ask the engine.
 */
#include <execinfo.h>
#include <string.h>

#include "step-judge.h"
#include "step-work.h"

#define TRAP_FLAG 0x100
#define ENGINE_STACK 16384
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
void step_arm(void);

/* Calls engine(walk) on another stack, to see how much of it is used. */
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
void step_call_on(void *stack_top, unwind_engine *engine,
                  struct unwind_walk *walk);

static struct shadow shadow;
static volatile bool stopping;
static unsigned char engine_stack[ENGINE_STACK] __attribute__((aligned(64)));

void step_call(unwind_engine *engine, struct unwind_walk *walk)
{
    if (engine == sigprof__unwind_cfi)
        step_call_on(engine_stack + ENGINE_STACK, engine, walk);
    else
        engine(walk);
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    ucontext_t *ucontext = context;

    (void)number;
    (void)info;
    if (stopping) {
        ucontext->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
        return;
    }
    shadow_step(&shadow, (uintptr_t)ucontext->uc_mcontext.gregs[REG_RIP],
                (uintptr_t)ucontext->uc_mcontext.gregs[REG_RSP]);
    judge_at(&shadow, context);
}

/* The kernel delivers signals with the flag off. */
void step_enter_handler(const ucontext_t *interrupted, void *slot)
{
    shadow_signal(&shadow, (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP],
                  (uintptr_t)interrupted->uc_mcontext.gregs[REG_RSP],
                  (uintptr_t)slot);
    shadow_call(&shadow, (uintptr_t)__builtin_frame_address(0) + 8,
                (uintptr_t)__builtin_return_address(0));
    shadow_resume(&shadow);
    step_arm();
}

void step_run(void (*work)(void))
{
    void *calls[SHADOW_BASE_MAX];
    int count = backtrace(calls, SHADOW_BASE_MAX);
    uintptr_t base[SHADOW_BASE_MAX];

    for (int i = 1; i < count; i++)
        base[i - 1] = (uintptr_t)calls[i];
    shadow_begin(&shadow, base, (unsigned)(count - 1));
    stopping = false;
    step_stepping = true;
    step_arm();
    work();
    stopping = true;
    __asm__ volatile("nop\nnop" ::: "memory");
    step_stepping = false;
}

void step_open(void)
{
    struct sigaction action = {.sa_sigaction = on_trap,
                               .sa_flags = SA_SIGINFO};

    memset(engine_stack, PAINT, ENGINE_STACK);
    sigaction(SIGTRAP, &action, NULL);
}

unsigned step_stack_used(void)
{
    unsigned at = 0;

    while (at < ENGINE_STACK && engine_stack[at] == PAINT)
        at++;
    return ENGINE_STACK - at;
}
