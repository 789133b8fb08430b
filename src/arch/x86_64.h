/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64: what an unwinder has to know of the processor and its ABI (System V
 * psABI, AMD64 supplement). Register numbers are DWARF's, as in os/regs.
 */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_WORD 8
#define ARCH_RECORD_FP 0 /* caller's fp, from fp */
#define ARCH_RECORD_PC 8 /* return address, from fp */
#define ARCH_RA_AT (-8)  /* return address, from the CFA, by the call */
#define ARCH_STACK_ALIGN 8

/* Registers that a callee hands back as it found them: rbx, rbp, r12..r15. */
#define ARCH_KEPT ((1u << 3) | (1u << 6) | (0xfu << 12))

/* Bytes before a return address that arch_follows_call looks at. */
#define ARCH_CALL_BYTES 7

/* Do the bytes before a return address end with a call? code[6] is the last. */
static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    if (code[2] == 0xe8) /* call rel32 */
        return true;
    for (int i = 0; i < 6; i++) { /* ff /2: call r/m64, 2 to 7 bytes */
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
