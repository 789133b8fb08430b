/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where signal handlers return to: there the kernel's frame is above, with the ucontext_t
 * of what was interrupted. Signal-safe.
 *
 * Most systems have code there, which is known by its bytes. illumos has no code there,
 * and a return address that says so; on OpenBSD code cannot be read, and the ucontext_t
 * is known by what the kernel has put in. os/regs.h says which it is.
 */
#include "unwind/walker.h"

#if defined(REGS_MARKED_RETURN)

#define CHAIN_MAX 16       /* handlers that were interrupted by signals */
#define CHAIN_ROOM 0x4000u /* of which the FPU's registers take the most */

/* Contexts of signals are chained, the latest first: the one of the frame at sp is
 * close above it. 0: there is none. */
static uintptr_t context_in_chain(struct walker *w, uintptr_t sp)
{
    uintptr_t context = (uintptr_t)w->memory.walk->ucontext;

    for (unsigned i = 0; i < CHAIN_MAX; i++) {
        if (!sigprof__memory_read(&w->memory, context + REGS_CHAIN_AT, &context) ||
            context == 0)
            return 0;
        if (context - sp < CHAIN_ROOM)
            return context;
    }
    return 0;
}

bool sigprof__cfi_is_trampoline(struct walker *w, uintptr_t address,
                                uintptr_t sp, intptr_t *at)
{
    uintptr_t context;

    if (address != REGS_MARKED_RETURN || sp == 0 ||
        !sigprof__memory_read(&w->memory, sp + REGS_MARKED_POINTER, &context))
        return false;
    context = regs_marked_context(context);
    if (context == 0)
        context = context_in_chain(w, sp);
    *at = (intptr_t)(context - sp);
    return context != 0;
}

#elif defined(REGS_COOKIE_AT)

/* The kernel's secret is the same for all contexts of a process. */
bool sigprof__cfi_is_trampoline(struct walker *w, uintptr_t address,
                                uintptr_t sp, intptr_t *at)
{
    uintptr_t own = (uintptr_t)w->memory.walk->ucontext;
    uintptr_t context = sp + REGS_CONTEXT_AT;
    uintptr_t own_cookie, cookie;

    *at = REGS_CONTEXT_AT;
    return sp != 0 && !sigprof__module_find(w->snapshot, address) &&
           sigprof__memory_read(&w->memory, own + REGS_COOKIE_AT, &own_cookie) &&
           sigprof__memory_read(&w->memory, context + REGS_COOKIE_AT, &cookie) &&
           (cookie ^ context) == (own_cookie ^ own);
}

#else

#if defined(REGS_LENGTH_AT)
/* Is the int that a word begins with the length of a context? */
static bool is_of_frame(uintptr_t word)
{
    return (uint32_t)word == REGS_LENGTH;
}

#define WORD_AT REGS_LENGTH_AT
#else
/* Is the int that a word begins with a signal's number? */
static bool is_of_frame(uintptr_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t number = (uint32_t)word;
#else
    uint32_t number = (uint32_t)(word >> (8 * (ARCH_WORD - 4)));
#endif

    return number > 0 && number <= 64;
}

#define WORD_AT REGS_SIGINFO_AT
#endif

#ifndef REGS_TRAMPOLINE_BACK
#define REGS_TRAMPOLINE_BACK 0
#endif

static bool has_code(struct walker *w, uintptr_t address, intptr_t *at)
{
    uint8_t code[REGS_TRAMPOLINE_BYTES];

    return sigprof__cfi_read_code(w, address - REGS_TRAMPOLINE_BACK, code,
                                  sizeof code) &&
           regs_trampoline(code, at);
}

/* In no module the stack is asked first, since reading such code costs a system call:
 * it may be a VM's. */
bool sigprof__cfi_is_trampoline(struct walker *w, uintptr_t address,
                                uintptr_t sp, intptr_t *at)
{
    uintptr_t word;

    if (!sigprof__module_find(w->snapshot, address) &&
        (sp == 0 || !sigprof__memory_read(&w->memory, sp + WORD_AT, &word) ||
         !is_of_frame(word)))
        return false;
    return has_code(w, address, at) ||
           (REGS_TRAMPOLINE_LATER > 0 &&
            has_code(w, address - REGS_TRAMPOLINE_LATER, at));
}

#endif
