/* SPDX-License-Identifier: BSD-2-Clause */
/* A register cell as an object of its own, for stand-in.c. It sees that
 * system's headers and none of this one's. */
#include "os/regs.h"

uintptr_t cell_register(const void *ucontext, unsigned column);
uintptr_t cell_pc(const void *ucontext);
uintptr_t cell_sp(const void *ucontext);
uintptr_t cell_fp(const void *ucontext);

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
