/* SPDX-License-Identifier: BSD-2-Clause */
/* A register cell as an object of its own, for stand-in.c. It sees that
 * system's headers and none of this one's. */
#include "os/regs.h"

uintptr_t cell_register(const void *ucontext, unsigned column);
uintptr_t cell_pc(const void *ucontext);
uintptr_t cell_sp(const void *ucontext);
uintptr_t cell_fp(const void *ucontext);
bool cell_sleeps(uintptr_t pc, uintptr_t sp);

unsigned cell_columns = REGS_COUNT;

uintptr_t cell_register(const void *ucontext, unsigned column)
{
    return regs_get(ucontext, column);
}

uintptr_t cell_pc(const void *ucontext)
{
    return regs_pc(ucontext);
}

uintptr_t cell_sp(const void *ucontext)
{
    return regs_sp(ucontext);
}

uintptr_t cell_fp(const void *ucontext)
{
    return regs_fp(ucontext);
}

/* Is the context that is made of a sleeper's pc and sp read as that, and nothing behind it
 * written? */
bool cell_sleeps(uintptr_t pc, uintptr_t sp)
{
    static struct {
        struct regs_made made;
        volatile unsigned char behind[512];
    } sleeper;
    bool good;

    for (unsigned i = 0; i < sizeof sleeper.behind; i++)
        sleeper.behind[i] = 0xa5;
    regs_asleep(&sleeper.made, pc, sp);
    good = regs_pc(&sleeper.made.context) == pc &&
           regs_sp(&sleeper.made.context) == sp;
    for (unsigned column = 0; column < REGS_COUNT; column++) {
#ifdef REGS_WINDOW
        if (column - REGS_WINDOW < 16)
            continue; /* on the stack */
#endif
        if (column != REGS_PC && column != REGS_SP)
            good = good && regs_get(&sleeper.made.context, column) == REGS_NOT_KNOWN;
    }
    for (unsigned i = 0; i < sizeof sleeper.behind; i++)
        good = good && sleeper.behind[i] == 0xa5;
    return good;
}
