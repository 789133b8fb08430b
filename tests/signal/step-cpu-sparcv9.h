/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls, returns and branches of sparcv9; contract: step-cpu.h. The CPU itself says
 * where the next instruction is, by its npc. A jump happens behind its delay: what
 * is done there is the last instruction of the caller, or of what returns.
 */
#ifndef STEP_CPU_SPARCV9_H
#define STEP_CPU_SPARCV9_H

#include <signal.h>
#include <ucontext.h>

#define STEP_TRAP 0u /* illtrap: qemu-user 7.2 ends at "ta 1", which a debugger has */
#define STEP_SIGNAL SIGILL
typedef uint32_t step_trap_word;

#define STEP_RT_SIGRETURN 101
#define STEP_PAGE_BYTES 8192
#define STEP_CONTEXT_AT REGS_SIGINFO_AT

/* What the last stop has seen, and the one before it. */
struct step_seen {
    uintptr_t pc, next, link;
};
extern struct step_seen step_seen[2];
#define STEP_SEEN struct step_seen step_seen[2]

#define STEP_NOTES
static inline void step_note(uintptr_t pc, const void *ucontext)
{
    step_seen[1] = step_seen[0];
    step_seen[0].pc = pc;
    step_seen[0].next = regs_get(ucontext, REGS_NEXT_PC);
    step_seen[0].link = regs_get(ucontext, REGS_LINK);
}

static inline uint32_t step_word(uintptr_t pc)
{
    return *(const uint32_t *)pc;
}

/* Was the instruction at pc, the last but one stop's, in a delay? */
static inline bool step_was_delay(uintptr_t pc)
{
    return step_seen[1].pc == pc && step_seen[1].next != pc + 4;
}

/* Not a call that a leaf or a function that has restored its caller's window leaves
 * by: then the callee does not return behind it. Nor one that asks where it is. */
#define STEP_OWN_CALLS
static inline bool step_is_call(uintptr_t from, uintptr_t sp_before,
                                uintptr_t sp, uintptr_t *slot, uintptr_t *back)
{
    (void)sp_before;
    *slot = sp;
    *back = from + 4;
    return step_was_delay(from) && step_seen[0].pc != *back &&
           arch_window_told(step_word(from - 4)) == ARCH_WINDOW_CALL &&
           step_seen[0].link == from - 4;
}

static inline bool step_is_return(uintptr_t pc)
{
    enum arch_window told;

    if (!step_was_delay(pc))
        return false;
    told = arch_window_told(step_word(pc - 4));
    return told == ARCH_WINDOW_OWN || told == ARCH_WINDOW_LEAF;
}

static inline bool step_is_system_call(uintptr_t pc)
{
    return step_word(pc) == 0x91d0206d;
}

static inline unsigned step_system_call(const void *ucontext)
{
    return (unsigned)regs_get(ucontext, 1);
}

/* casx and its like are one instruction. */
static inline bool step_is_exclusive(uintptr_t pc)
{
    (void)pc;
    return false;
}

static inline bool step_ends_exclusive(uintptr_t pc)
{
    (void)pc;
    return true;
}

/* A branch that may go on without what is in its delay? */
static inline bool step_annuls(uint32_t word)
{
    return arch_is_branch(word) && (word >> 29 & 1);
}

/* To what comes next where the delay is annulled. */
static inline unsigned step_bytes(uintptr_t pc)
{
    return step_annuls(step_word(pc)) ? 8 : 4;
}

/* Is what is called at once over, as what tells position independent code where it
 * is? The stepper's handler begins with a call of the same. */
static inline bool step_thunk(uintptr_t pc, uintptr_t next)
{
    return next != pc + 4 &&
           arch_window_told(step_word(pc - 4)) == ARCH_WINDOW_CALL &&
           arch_window_told(step_word(next)) == ARCH_WINDOW_LEAF;
}

/* Where the next instruction is; beside step_bytes() on, if not *always. */
static inline uintptr_t step_branch(uintptr_t pc, const void *ucontext,
                                    bool *always)
{
    uint32_t word = step_word(pc);
    uintptr_t next = regs_get(ucontext, REGS_NEXT_PC);

    *always = !step_annuls(word);
    if (!*always && arch_window_told(word) == ARCH_WINDOW_BRANCH) {
        *always = true;
        return arch_branch_target(word, pc);
    }
    if (word == 0x91d0206f) /* setcontext */
        return ((const ucontext_t *)regs_get(ucontext, 8))
            ->uc_mcontext.mc_gregs[MC_PC];
    return step_thunk(pc, next) ? pc + 4 : next;
}

#define STEP_ROOT                                                              \
    "save %sp, -176, %sp\n"                                                    \
    ".cfi_def_cfa_register 30\n"                                               \
    ".cfi_window_save\n"                                                       \
    ".cfi_undefined 15\n"                                                      \
    "illtrap 0\n"                                                              \
    "call %i0\n"                                                               \
    "nop\n"                                                                    \
    "ret\n"                                                                    \
    "restore\n"
#define STEP_HANDLE(handler)                                                   \
    "save %sp, -176, %sp\n"                                                    \
    "mov %i0, %o0\n"                                                           \
    "mov %i1, %o1\n"                                                           \
    "call " handler "\n"                                                       \
    "mov %i2, %o2\n"                                                           \
    "restore\n"                                                                \
    "mov 101, %g1\n"                                                           \
    "ta 0x6d\n"
#define step_break() __asm__ volatile("illtrap 0" ::: "memory")

#endif
