/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stepping by the trap flag, x86-64 and i386: the CPU raises SIGTRAP after each
 * instruction, and the handler asks the oracle with the ucontext that it got, as
 * a tick would ask the engine.
 */
#include <execinfo.h>
#include <string.h>

#include "arch/arch.h"
#include "os/regs.h"
#include "step-judge.h"
#include "step-work.h"

#define TRAP_FLAG 0x100
#define ENGINE_STACK 16384
#define PAINT 0xa5

/* step_arm sets the flag; the first trap comes after the instruction behind popf.
 * step_call_on calls engine(walk) on another stack, to see how much of it is
 * used. */
#if ARCH_WORD == 8
#define ARM                                                                    \
    "pushfq\n"                                                                 \
    ".cfi_adjust_cfa_offset 8\n"                                               \
    "orq $0x100, (%rsp)\n"                                                     \
    "popfq\n"                                                                  \
    ".cfi_adjust_cfa_offset -8\n"                                              \
    "ret\n"
#define CALL_ON                                                                \
    "push %rbp\n"                                                              \
    ".cfi_def_cfa_offset 16\n"                                                 \
    ".cfi_offset %rbp, -16\n"                                                  \
    "mov %rsp, %rbp\n"                                                         \
    ".cfi_def_cfa_register %rbp\n"                                             \
    "mov %rdi, %rsp\n"                                                         \
    "mov %rdx, %rdi\n"                                                         \
    "call *%rsi\n"                                                             \
    "mov %rbp, %rsp\n"                                                         \
    "pop %rbp\n"                                                               \
    ".cfi_def_cfa %rsp, 8\n"                                                   \
    "ret\n"
#else
#define ARM                                                                    \
    "pushfl\n"                                                                 \
    ".cfi_adjust_cfa_offset 4\n"                                               \
    "orl $0x100, (%esp)\n"                                                     \
    "popfl\n"                                                                  \
    ".cfi_adjust_cfa_offset -4\n"                                              \
    "ret\n"
#define CALL_ON                                                                \
    "push %ebp\n"                                                              \
    ".cfi_def_cfa_offset 8\n"                                                  \
    ".cfi_offset %ebp, -8\n"                                                   \
    "mov %esp, %ebp\n"                                                         \
    ".cfi_def_cfa_register %ebp\n"                                             \
    "mov 8(%ebp), %esp\n"                                                      \
    "sub $12, %esp\n"                                                          \
    "push 16(%ebp)\n"                                                          \
    "call *12(%ebp)\n"                                                         \
    "mov %ebp, %esp\n"                                                         \
    "pop %ebp\n"                                                               \
    ".cfi_def_cfa %esp, 4\n"                                                   \
    "ret\n"
#endif

#define FUNCTION(name, body)                                                   \
    __asm__(".text\n"                                                          \
            ".globl " #name "\n"                                               \
            ".type " #name ", @function\n" #name ":\n"                         \
            ".cfi_startproc\n" body ".cfi_endproc\n"                           \
            ".size " #name ", . - " #name "\n")
FUNCTION(step_arm, ARM);
FUNCTION(step_call_on, CALL_ON);
void step_arm(void);
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
    shadow_step(&shadow, regs_pc(ucontext),
                regs_sp(ucontext));
    judge_at(&shadow, context);
}

/* The kernel delivers signals with the flag off. */
void step_enter_handler(const ucontext_t *interrupted, void *slot,
                        void *restorer)
{
    shadow_signal(&shadow, regs_pc(interrupted), regs_sp(interrupted),
                  (uintptr_t)slot, (uintptr_t)restorer);
    shadow_call(&shadow, (uintptr_t)__builtin_frame_address(0) + ARCH_WORD,
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
