/* SPDX-License-Identifier: BSD-2-Clause */
/* What x86-64 and i386 share: how a call is encoded. */
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

#endif
