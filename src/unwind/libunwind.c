/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine that asks libunwind: a second opinion, for comparison.
 *
 * It is not async-signal-safe: unw_step calls dl_iterate_phdr, so a tick inside
 * dlopen can hang the thread for ever (libunwind issues 16 and 580). It is used
 * only when asked for by name, and the manual says so.
 *
 * libunwind exports _Unwind_RaiseException and backtrace too. It must not enter
 * the program's scope, where it would replace the C++ runtime's; so it is not
 * linked but loaded locally.
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <dlfcn.h>
#include <ucontext.h>

#include "os/regs.h"
#include "sigprof/sigprof.h"
#include "unwind/unwind.h"

#define LIBRARY "libunwind.so.8" /* the only ABI there has been since 2012 */
#define TEXT_OF(name) #name
#define NAME(name) TEXT_OF(name) /* the macro's value: _ULx86_64_step */

static struct {
    int (*init)(unw_cursor_t *, unw_context_t *, int);
    int (*step)(unw_cursor_t *);
    int (*get_reg)(unw_cursor_t *, unw_regnum_t, unw_word_t *);
    int (*is_signal_frame)(unw_cursor_t *);
} lib;

_Static_assert(sizeof(unw_cursor_t) <=
                   sizeof(((struct unwind_window *)0)->scratch),
               "the scratch area is too small");

static void push(struct unwind_stack *stack, uint32_t *count, uintptr_t pc,
                 uintptr_t sp)
{
    struct unwind_frame *frame = unwind_push(stack, count);

    frame->pc = pc;
    frame->sp = sp;
    frame->flags = 0;
}

/* Was the frame at the cursor interrupted? Some ports of libunwind say so of that
 * frame, after the step to it, the others of the trampoline, before. */
#ifdef __x86_64__
#define SAYS_SO_BEFORE false
#else
#define SAYS_SO_BEFORE true
#endif

static int climb(struct unwind_stack *stack, unw_cursor_t *cursor,
                 uint32_t *count)
{
    for (;;) {
        bool before = *count > 1 && lib.is_signal_frame(cursor) > 0;
        int result = lib.step(cursor);
        unw_word_t pc = 0, sp = 0;

        if (result <= 0)
            return result == 0 ? FORMAT_END_COMPLETE : FORMAT_END_NO_RULE;
        if (lib.get_reg(cursor, UNW_REG_IP, &pc) != 0 ||
            lib.get_reg(cursor, UNW_REG_SP, &sp) != 0)
            return FORMAT_END_BAD_ADDRESS;
        if (pc < FORMAT_FIRST_PC)
            return FORMAT_END_COMPLETE;
        if (SAYS_SO_BEFORE ? before : lib.is_signal_frame(cursor) > 0)
            push(stack, count, FORMAT_MARK_SIGNAL, 0);
        push(stack, count, (uintptr_t)pc, (uintptr_t)sp);
        if (*count >= UNWIND_STEPS_MAX)
            return FORMAT_END_DEPTH;
    }
}

void sigprof__unwind_libunwind(struct unwind_walk *walk)
{
    struct unwind_stack *stack = walk->stack;
    unw_cursor_t *cursor = (void *)stack->window->scratch;
    uintptr_t pc = regs_pc(walk->ucontext);
    uint32_t count = 0;

    push(stack, &count, pc < FORMAT_FIRST_PC ? FORMAT_FIRST_PC : pc,
         regs_sp(walk->ucontext));
    stack->end = FORMAT_END_NO_RULE;
    if (lib.init(cursor, (unw_context_t *)(uintptr_t)walk->ucontext,
                 UNW_INIT_SIGNAL_FRAME) == 0)
        stack->end = (uint8_t)climb(stack, cursor, &count);
    sigprof__unwind_store(stack, count);
}

static void *symbol(void *library, const char *name, bool *missing)
{
    void *found = dlsym(library, name);

    *missing |= !found;
    return found;
}

/* The first walk maps memory and opens a pipe: better now than in a signal. */
static void warm_up(void)
{
    unw_cursor_t cursor;
    ucontext_t here;

    if (getcontext(&here) != 0 || lib.init(&cursor, &here, 0) != 0)
        return;
    for (int i = 0; i < 64 && lib.step(&cursor) > 0; i++)
        ;
}

int sigprof__unwind_libunwind_load(void)
{
    bool missing = false;
    void *library;

    if (lib.step)
        return 0;
    library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return SIGPROF_ENOTSUP;
    lib.init = symbol(library, NAME(UNW_OBJ(init_local2)), &missing);
    lib.get_reg = symbol(library, NAME(UNW_OBJ(get_reg)), &missing);
    lib.is_signal_frame =
        symbol(library, NAME(UNW_OBJ(is_signal_frame)), &missing);
    lib.step = symbol(library, NAME(UNW_OBJ(step)), &missing);
    if (missing) {
        lib.step = NULL;
        dlclose(library);
        return SIGPROF_ENOTSUP;
    }
    warm_up();
    return 0;
}
