/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register cell of the system and CPU that CMake chose. Each
 * os/regs/<os>-<cpu>.h has, all of it signal-safe,
 *
 *  REGS_COUNT        registers that unwinding may need: columns 0..REGS_COUNT-1
 *  REGS_FP, _SP, _PC    columns of these; the pc has one of its own
 *  REGS_LINK         link register, where the CPU has one
 *  regs_column()     column of a DWARF register number; REGS_COUNT or more: none
 *  regs_offset()     where a ucontext_t has a column, in bytes
 *  regs_trampoline() do code bytes begin the end of a signal handler? Then the
 *                    ucontext_t lies *at bytes above sp
 *  REGS_TRAMPOLINE_BYTES  that it looks at; from REGS_TRAMPOLINE_BACK bytes before,
 *                    where that is defined
 *  REGS_TRAMPOLINE_LATER  a tick may also stop that many bytes behind the first
 *  REGS_SIGINFO_AT   siginfo_t, or another int that is the signal's number, from
 *                    sp there
 *
 * and, where its system is unlike the others,
 *
 *  REGS_LENGTH_AT    in place of REGS_SIGINFO_AT: where the ucontext_t has its own
 *                    length, from sp there, which is REGS_LENGTH
 *  REGS_COOKIE_AT    in place of regs_trampoline() and what is with it: where the
 *                    kernel has put into a ucontext_t its address,
 *                    exclusive-or-ed with a secret of the process; the ucontext_t
 *                    lies REGS_CONTEXT_AT bytes above sp
 *  REGS_MARKED_RETURN  in its place, too: handlers are called with this return
 *                    address, which no code has; REGS_MARKED_POINTER bytes
 *                    above the sp there is a pointer, of which
 *                    regs_marked_context() makes that to the ucontext_t; 0: it is
 *                    in the chain that REGS_CHAIN_AT, in each ucontext_t, goes on
 *                    with
 *  REGS_DEFERS       the C library may call a handler later, at the end of a section of
 *                    its own, with a ucontext_t that it has had made there: it lies on
 *                    the stack of that place, and the kernel's below it
 *  REGS_ELSEWHERE    regs_base(): the registers are not in the ucontext_t; columns
 *                    are offsets from there
 *  REGS_BEHIND       the type of what they are in, where uc_mcontext points to it
 *  REGS_BIAS         what stack and frame pointers, in registers and in frames, are
 *                    less than the addresses; 0 is 0
 *  REGS_NEXT_PC      column of the npc, of CPUs that have delays
 *  REGS_WINDOW       the first of 16 columns which no context has: they are on the
 *                    stack, where regs_window() says
 *  REGS_CONTEXT      what a handler gets in place of a ucontext_t: a type
 *  REGS_BEFORE       regs_base() is so many bytes before that
 *  REGS_NO_SIGNAL_STACK  a ucontext_t says nothing of signal stacks
 *  REGS_STACK        the member of a ucontext_t that says it
 *  REGS_MASK         the member of a ucontext_t that is the interrupted code's signal
 *                    mask, or
 *  REGS_OWN_MASK     regs_mask(): it has to be made
 */
#ifndef SIGPROF_OS_REGS_H
#define SIGPROF_OS_REGS_H

#include SIGPROF_REGS

#ifndef REGS_ELSEWHERE
static inline const void *regs_base(const void *ucontext)
{
    return ucontext;
}
#endif

#ifndef REGS_BIAS
#define REGS_BIAS 0
#endif

#ifndef REGS_MASK
#define REGS_MASK uc_sigmask
#endif

#ifndef REGS_STACK
#define REGS_STACK uc_stack
#endif

#ifndef REGS_CONTEXT
#define REGS_CONTEXT ucontext_t
#endif

/* A pointer to the stack, from a register or from memory, as an address. */
static inline uintptr_t regs_unbiased(uintptr_t pointer)
{
    return REGS_BIAS == 0 || pointer == 0 ? pointer : pointer + REGS_BIAS;
}

static inline uintptr_t regs_biased(uintptr_t address)
{
    return REGS_BIAS == 0 || address == 0 ? address : address - REGS_BIAS;
}

static inline bool regs_is_pointer(unsigned column)
{
    return column == REGS_SP || column == REGS_FP;
}

static inline uintptr_t regs_get(const void *ucontext, unsigned column)
{
#ifdef REGS_WINDOW
    if (column - REGS_WINDOW < 16)
        return regs_window(ucontext)[column - REGS_WINDOW];
#endif
    return *(const uintptr_t *)(const void *)((const char *)regs_base(ucontext) +
                                              regs_offset(column));
}

static inline uintptr_t regs_pc(const void *ucontext)
{
    return regs_get(ucontext, REGS_PC);
}

static inline uintptr_t regs_sp(const void *ucontext)
{
    return regs_unbiased(regs_get(ucontext, REGS_SP));
}

#define REGS_DEFERRED_ROOM 4096u /* two contexts, and what the C library has beside one */

/* Is the ucontext_t one that the C library has had made? */
static inline bool regs_is_deferred(const void *ucontext)
{
#ifdef REGS_DEFERS
    const ucontext_t *context = ucontext;
    uintptr_t at = (uintptr_t)ucontext;

    return at - regs_sp(ucontext) < REGS_DEFERRED_ROOM &&
           at - (uintptr_t)context->uc_stack.ss_sp >= context->uc_stack.ss_size;
#else
    (void)ucontext;
    return false;
#endif
}

static inline uintptr_t regs_fp(const void *ucontext)
{
    return regs_unbiased(regs_get(ucontext, REGS_FP));
}

/* A context that is made, and not handed over by the kernel. */
struct regs_made {
#ifdef REGS_BEFORE
    _Alignas(16) unsigned char before[REGS_BEFORE];
#endif
    REGS_CONTEXT context;
#ifdef REGS_BEHIND
    REGS_BEHIND behind;
#endif
};

/* A register of it, by regs_offset(). */
static inline void regs_put(struct regs_made *made, unsigned column,
                            uintptr_t value)
{
#ifdef REGS_BEHIND
    char *base = (char *)&made->behind;
#else
    char *base = (char *)made;
#endif

#ifdef REGS_WINDOW
    if (column - REGS_WINDOW < 16)
        return;
#endif
    *(uintptr_t *)(void *)(base + regs_offset(column)) = value;
}

#define REGS_NOT_KNOWN 1u

/* Makes the context of a thread that sleeps, of which pc and sp are known, with its bias
 * (it is odd then) or without. The others become odd and no address: a walk that needs
 * one of them ends there. */
static inline void regs_asleep(struct regs_made *made, uintptr_t pc,
                               uintptr_t sp)
{
#ifdef REGS_BEHIND
    made->context.uc_mcontext = &made->behind;
#endif
    for (unsigned column = 0; column < REGS_COUNT; column++)
        regs_put(made, column,
                 column == REGS_PC   ? pc
                 : column == REGS_SP ? (sp & REGS_BIAS & 1 ? sp : regs_biased(sp))
                                     : REGS_NOT_KNOWN);
}

#ifndef REGS_OWN_MASK
static inline void regs_mask(const void *ucontext, sigset_t *mask)
{
    const REGS_CONTEXT *context = ucontext;

    *mask = context->REGS_MASK;
}
#endif

/* The thread's alternate signal stack, as the kernel has put it there; 0, 0: none.
 * Where a handler runs on it, it is mapped up to its end: the first frame is
 * there. */
static inline void regs_signal_stack(const void *ucontext, uintptr_t *low,
                                     uintptr_t *high)
{
#ifdef REGS_NO_SIGNAL_STACK
    (void)ucontext;
    *low = 0;
    *high = 0;
#else
    const REGS_CONTEXT *context = ucontext;

    *low = (uintptr_t)context->REGS_STACK.ss_sp;
    *high = *low + context->REGS_STACK.ss_size;
#endif
}

#endif
