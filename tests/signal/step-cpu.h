/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the shadow stack has to know of the instruction set: which instructions
 * call, and where a call leaves its return address. x86 of both widths is here;
 * aarch64, arm, riscv64 and sparcv9 have files of their own.
 */
#ifndef STEP_CPU_H
#define STEP_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arch/arch.h"
#include "os/regs.h"

#define STEP_CODE_BYTES_MAX 15 /* of an instruction */

#if ARCH_LINK
#if defined __riscv
#include "step-cpu-riscv64.h"
#elif defined __arm__
#include "step-cpu-arm.h"
#elif defined __sparc__
#include "step-cpu-sparcv9.h"
#else
#include "step-cpu-aarch64.h"
#endif

#ifndef STEP_RT_SIGRETURN
#define STEP_RT_SIGRETURN 139
#endif
#ifndef STEP_SIGNAL
#define STEP_SIGNAL SIGTRAP
#endif
#ifndef STEP_PAGE_BYTES
#define STEP_PAGE_BYTES 4096
#endif
#ifndef STEP_CONTEXT_AT /* of a handler's last system call, from sp */
#define STEP_CONTEXT_AT (REGS_SIGINFO_AT + sizeof(siginfo_t))
#endif

#ifndef STEP_OWN_CALLS
/* The slot of a call that leaves nothing on the stack is sp itself: it is over
 * when sp is above, or is that again where the call returns to. */
static inline bool step_is_call(uintptr_t from, uintptr_t sp_before,
                                uintptr_t sp, uintptr_t *slot, uintptr_t *back)
{
    *slot = sp;
    *back = from + step_bytes(from);
    return sp == sp_before && step_calls(from);
}
#endif

static inline bool step_is_gone(uintptr_t slot, uintptr_t back, uintptr_t sp,
                                uintptr_t pc)
{
    return slot < sp || (slot == sp && pc == back);
}

#else
#define STEP_PUSH_SPAN 16      /* a thunk's call goes no further */

static inline const uint8_t *step_behind_prefixes(const uint8_t *code)
{
    while (*code == 0x66 || *code == 0xf2 || *code == 0xf3 || *code == 0x2e ||
           *code == 0x3e || *code == 0x64 || *code == 0x65 ||
           (sizeof(void *) == 8 && (*code & 0xf0) == 0x40))
        code++;
    return code;
}

/* A thunk's call, which goes a few bytes ahead, to a "mov %reg,(%rsp)" or "pop":
 * retpolines and "where am I" are made so. It only pushes. */
static inline bool step_only_pushes(const uint8_t *behind, int32_t distance)
{
    const uint8_t *code = behind + distance;

    if (distance < 0 || distance >= STEP_PUSH_SPAN)
        return false;
    code = step_behind_prefixes(code);
    return (*code & 0xf8) == 0x58 ||
           (code[0] == 0x89 && (code[1] & 0xc7) == 0x04 && code[2] == 0x24);
}

/*
 * Has the instruction at from, which left sp_before for sp, called something?
 * Then *slot is where the return address lies and *back what it is.
 */
static inline bool step_is_call(uintptr_t from, uintptr_t sp_before,
                                uintptr_t sp, uintptr_t *slot, uintptr_t *back)
{
    const uint8_t *code = step_behind_prefixes((const uint8_t *)from);
    int32_t distance;

    if (sp != sp_before - ARCH_WORD)
        return false;
    *slot = sp;
    *back = *(const uintptr_t *)sp;
    if (*back - from > STEP_CODE_BYTES_MAX)
        return false;
    if (*code == 0xe8) {
        memcpy(&distance, code + 1, sizeof distance);
        return !step_only_pushes(code + 5, distance);
    }
    return *code == 0xff && ((code[1] >> 3) & 7) == 2;
}

/* Has the call whose return address back lay at slot returned, or been left, now
 * that the program is at pc? */
static inline bool step_is_gone(uintptr_t slot, uintptr_t back, uintptr_t sp,
                                uintptr_t pc)
{
    (void)back;
    (void)pc;
    return slot < sp;
}

/* Does it go to where the top of the stack says? */
static inline bool step_is_return(uintptr_t pc)
{
    const uint8_t *code = step_behind_prefixes((const uint8_t *)pc);

    return *code == 0xc3 || *code == 0xc2;
}

/* Is it a system call? The one of a signal's trampoline goes back. */
static inline bool step_is_system_call(uintptr_t pc)
{
    const uint8_t *code = (const uint8_t *)pc;

    return (code[0] == 0x0f && (code[1] == 0x05 || code[1] == 0x34)) ||
           (code[0] == 0xcd && code[1] == 0x80);
}

#endif /* ARCH_LINK */

#endif
