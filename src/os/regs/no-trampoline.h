/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a signal handler is not known by its code here: a walk that comes
 * to it ends there, and says so. os/regs.h says what each means. */
#ifndef SIGPROF_REGS_NO_TRAMPOLINE_H
#define SIGPROF_REGS_NO_TRAMPOLINE_H

#include <stdbool.h>
#include <stdint.h>

#define REGS_TRAMPOLINE_BYTES 1
#define REGS_TRAMPOLINE_LATER 0
#define REGS_SIGINFO_AT 0

static inline bool regs_trampoline(const uint8_t *code, intptr_t *at)
{
    (void)code;
    *at = 0;
    return false;
}

#endif
