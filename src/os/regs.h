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
 *  REGS_TRAMPOLINE_BYTES  that it looks at
 *  REGS_TRAMPOLINE_LATER  a tick may also stop that many bytes behind the first
 *  REGS_SIGINFO_AT   siginfo_t, or another int that is the signal's number, from
 *                    sp there
 *
 * and, where its system is unlike the others,
 *
 *  REGS_MARKED_RETURN  handlers are called with this return address, which no code
 *                    has; REGS_MARKED_POINTER bytes above the sp there is a
 *                    pointer, of which regs_marked_context() makes that to the
 *                    ucontext_t; 0: it is in the chain that REGS_CHAIN_AT, in
 *                    each ucontext_t, goes on with
 *  REGS_ELSEWHERE    regs_base(): the registers are not in the ucontext_t; columns
 *                    are offsets from there
 *  REGS_BIAS         what the stack pointer of a context is less than the address
 *  REGS_OWN_FP       regs_own_fp(): the frame pointer of a stack pointer, where no
 *                    column is it
 *  REGS_NO_SIGNAL_STACK  a ucontext_t says nothing of signal stacks
 *  REGS_MASK         the member of a ucontext_t that is the interrupted code's signal
 *                    mask
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

static inline uintptr_t regs_get(const void *ucontext, unsigned column)
{
    return *(const uintptr_t *)(const void *)((const char *)regs_base(ucontext) +
                                              regs_offset(column));
}

static inline uintptr_t regs_pc(const void *ucontext)
{
    return regs_get(ucontext, REGS_PC);
}

static inline uintptr_t regs_sp(const void *ucontext)
{
    return regs_get(ucontext, REGS_SP) + REGS_BIAS;
}

/* Makes the context of a thread that sleeps, of which pc and sp are known. The others
 * become odd and no address: a walk that needs one of them ends there. */
static inline void regs_asleep(void *ucontext, uintptr_t pc, uintptr_t sp)
{
    for (unsigned column = 0; column < REGS_COUNT; column++)
        *(uintptr_t *)(void *)((char *)ucontext + regs_offset(column)) =
            column == REGS_PC   ? pc
            : column == REGS_SP ? sp
                                : 1;
}

static inline uintptr_t regs_fp(const void *ucontext)
{
#ifdef REGS_OWN_FP
    return regs_own_fp(regs_sp(ucontext));
#else
    return regs_get(ucontext, REGS_FP);
#endif
}

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
    const ucontext_t *context = ucontext;

    *low = (uintptr_t)context->uc_stack.ss_sp;
    *high = *low + context->uc_stack.ss_size;
#endif
}

#endif
