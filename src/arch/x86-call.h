/* SPDX-License-Identifier: BSD-2-Clause */
/* What x86-64 and i386 share: how calls and prologues are encoded. */
#ifndef SIGPROF_ARCH_X86_CALL_H
#define SIGPROF_ARCH_X86_CALL_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_CALL_BYTES 7

/* Do the bytes before a return address end with a call? code[6] is the last. */
static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    if (code[2] == 0xe8) /* call rel32 */
        return true;
    for (int i = 0; i < 6; i++) { /* ff /2: call r/m, 2 to 7 bytes */
        unsigned mode = code[i + 1] >> 6;
        unsigned base = code[i + 1] & 7;
        int size = 2;

        if (code[i] != 0xff || ((code[i + 1] >> 3) & 7) != 2)
            continue;
        if (mode != 3 && base == 4)
            size++;
        if (mode == 1)
            size += 1;
        else if (mode == 2 || (mode == 0 && base == 5))
            size += 4;
        if (i + size == ARCH_CALL_BYTES)
            return true;
    }
    return false;
}

/* How far a function has come with its frame, by the instruction that it is about
 * to execute, code[1], and the byte before. in: where that is in the function. */
enum arch_frame { ARCH_FRAME_MADE, ARCH_FRAME_NONE, ARCH_FRAME_PUSHED };

static inline enum arch_frame arch_frame_at(const uint8_t code[2], uintptr_t in)
{
    if (in == 0 || code[1] == 0xc3 || code[1] == 0xc2) /* ret */
        return ARCH_FRAME_NONE;
    if (in > 8) /* endbr; push %rbp; mov %rsp,%rbp */
        return ARCH_FRAME_MADE;
    if (code[1] == 0x55)
        return ARCH_FRAME_NONE;
    return code[0] == 0x55 ? ARCH_FRAME_PUSHED : ARCH_FRAME_MADE;
}

#endif
