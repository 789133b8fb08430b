/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stepping where the CPU has no trap flag for programs: a breakpoint is put at
 * every place where the next instruction may be, and taken away again by the
 * handler of its signal, which asks the oracle with the ucontext that it got. So no
 * debugger is needed, and it runs under an emulator as on the CPU.
 *
 * A load that a store must follow (ll/sc) is stepped together with that store:
 * stopping between them would make them fail for ever.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "os/regs.h"
#include "step-cpu.h"
#include "step-judge.h"
#include "step-work.h"
#include "support/registers.h"

#define TARGETS_MAX 20
#define EXCLUSIVE_SPAN 64 /* bytes from the load to its store */
#define PAGES 1024
#define PAGE_BYTES ((uintptr_t)STEP_PAGE_BYTES)

/* A frame without a caller, as a thread's first; the trap in it begins the
 * stepping. */
__asm__(".text\n"
        ".globl step_root\n"
        ".type step_root, %function\n"
        "step_root:\n"
        ".cfi_startproc\n" STEP_ROOT ".cfi_endproc\n"
        ".size step_root, . - step_root\n");
void step_root(void (*work)(void));

/* The trap's handler. It goes back by itself: in the code by which other handlers do,
 * which is stepped as well, there may be a breakpoint by then. */
__asm__(".text\n"
        ".globl step_on_trap\n"
        ".type step_on_trap, %function\n"
        "step_on_trap:\n" STEP_HANDLE("step_trapped")
        ".size step_on_trap, . - step_on_trap\n");
void step_on_trap(int number, siginfo_t *info, void *ucontext);
void step_trapped(int number, siginfo_t *info, void *ucontext);

#ifdef STEP_TRAP_OF_TARGET /* targets have a bit that says what code they are */
uintptr_t step_stop[2];
bool step_went;
#define TARGET_BIT ((uintptr_t)1)
#define TARGET_BIT_OF(pc) ((uintptr_t)step_is_thumb(pc))
#else
#define TARGET_BIT ((uintptr_t)0)
#define TARGET_BIT_OF(pc) ((uintptr_t)0)
#define step_trap(target, was) ((step_trap_word)STEP_TRAP)
#ifndef STEP_NOTES
#define step_note(pc, ucontext)
#else
STEP_SEEN;
#endif
#define step_resumed(ucontext) regs_pc(ucontext)
#endif

static struct shadow shadow;
static volatile bool stopping;

static struct {
    uintptr_t at[TARGETS_MAX];
    step_trap_word was[TARGETS_MAX];
    unsigned count;
} traps;

static uintptr_t writable[PAGES]; /* pages, by a hash; a system call may undo it */

void step_call(unwind_engine *engine, struct unwind_walk *walk)
{
    engine(walk);
}

static void make_writable(uintptr_t pc)
{
    uintptr_t page = pc & ~(PAGE_BYTES - 1);
    uintptr_t *known = &writable[page / PAGE_BYTES % PAGES];

    if (*known == page)
        return;
    if (mprotect((void *)page, PAGE_BYTES,
                 PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
        abort();
    *known = page;
}

static bool is_trapped(uintptr_t pc)
{
    for (unsigned i = 0; i < traps.count; i++)
        if (traps.at[i] == pc)
            return true;
    return false;
}

static void put_trap(uintptr_t target)
{
    uintptr_t pc = target & ~TARGET_BIT;
    step_trap_word *code = (step_trap_word *)pc;

    if (is_trapped(pc))
        return;
    if (traps.count == TARGETS_MAX)
        abort();
    make_writable(pc);
    make_writable(pc + sizeof *code - 1);
    traps.at[traps.count] = pc;
    traps.was[traps.count++] = *code;
    *code = step_trap(target, *code);
    __builtin___clear_cache((char *)pc, (char *)pc + sizeof *code);
}

static void take_traps_away(void)
{
    while (traps.count > 0) {
        step_trap_word *code = (step_trap_word *)traps.at[--traps.count];

        *code = traps.was[traps.count];
        __builtin___clear_cache((char *)code, (char *)(code + 1));
    }
}

/* Behind the store that goes with the load at pc, and where branches between the
 * two lead. */
static void trap_behind_exclusive(uintptr_t pc, const void *ucontext)
{
    uintptr_t at = pc, target;
    uintptr_t targets[TARGETS_MAX];
    unsigned count = 0;
    bool always;

    do {
        at += step_bytes(at);
        target = step_branch(at, ucontext, &always);
        if (target && count < TARGETS_MAX - 1)
            targets[count++] = target;
        if (at - pc > EXCLUSIVE_SPAN)
            abort();
    } while (!step_ends_exclusive(at));
    at += step_bytes(at);
    for (unsigned i = 0; i < count; i++)
        if (targets[i] < pc || targets[i] >= at)
            put_trap(targets[i]);
    put_trap(at | TARGET_BIT_OF(pc));
}

static void trap_next(uintptr_t pc, const void *ucontext)
{
#ifndef STEP_TRAP_OF_TARGET
    uintptr_t next = pc + step_bytes(pc);
    bool always;
    uintptr_t target;
#endif

    if (step_is_exclusive(pc)) {
        trap_behind_exclusive(pc, ucontext);
        return;
    }
    if (step_is_system_call(pc)) {
        memset(writable, 0, sizeof writable);
        if (step_system_call(ucontext) == STEP_RT_SIGRETURN) {
            put_trap(step_resumed((const char *)regs_sp(ucontext) +
                                  STEP_CONTEXT_AT));
            return;
        }
    }
#ifdef STEP_TRAP_OF_TARGET
    put_trap(step_next(pc, ucontext));
#else
    target = step_branch(pc, ucontext, &always);
    if (!target || !always)
        put_trap(next);
    if (target)
        put_trap(target);
#endif
}

void step_trapped(int number, siginfo_t *info, void *ucontext)
{
    uintptr_t pc = regs_pc(ucontext);
    bool begins = !is_trapped(pc); /* a trap of the code's own */

    (void)number;
    (void)info;
    take_traps_away();
    step_note(pc, ucontext);
    if (begins) {
        pc += step_bytes(pc);
        step_note(pc, ucontext);
        test_register(ucontext, REGS_PC, pc);
    }
    if (stopping)
        return;
    shadow_step(&shadow, pc, regs_sp(ucontext));
    judge_at(&shadow, ucontext);
    trap_next(pc, ucontext);
}

/* A call's slot is sp; a handler begins with the one where the signal's frame does. */
void step_enter_handler(const ucontext_t *interrupted, void *slot,
                        void *restorer)
{
    (void)slot;
    shadow_signal(&shadow, regs_pc(interrupted), regs_sp(interrupted),
                  (uintptr_t)interrupted - STEP_CONTEXT_AT,
                  arch_return_address((uintptr_t)restorer));
    shadow_call(&shadow, (uintptr_t)__builtin_dwarf_cfa(),
                arch_return_address((uintptr_t)__builtin_return_address(0)));
    shadow_resume(&shadow);
    step_break();
}

void step_run(void (*work)(void))
{
    shadow_begin(&shadow, NULL, 0);
    stopping = false;
    step_stepping = true;
    step_root(work);
    stopping = true;
    __asm__ volatile("nop\nnop" ::: "memory");
    step_stepping = false;
}

void step_open(void)
{
    struct sigaction action = {.sa_sigaction = step_on_trap,
                               .sa_flags = SA_SIGINFO};

    sigaction(STEP_SIGNAL, &action, NULL);
}

unsigned step_stack_used(void)
{
    return 0; /* not seen this way: signal.stack does */
}
