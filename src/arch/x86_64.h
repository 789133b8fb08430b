/* SPDX-License-Identifier: BSD-2-Clause */
/* x86-64; System V psABI, AMD64 supplement. arch.h says what each means. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include "arch/x86-call.h"
#include "arch/x86-keys.h"

#define ARCH_WORD 8
#define ARCH_LINK 0
#define ARCH_RA_AT (-8)
#define ARCH_CFA_SP 0
#define ARCH_BACKCHAIN 0
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 8
#define ARCH_RECORD_END 16
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 8
#define ARCH_RED_ZONE 128

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word;
}

/* What an exception's landing gets: rax, rdx. Only the functions that make it land
 * save them. */
#define ARCH_LANDING (1u << 0 | 1u << 1)

/* How a function without rules is left, as far as its code shows. */
struct arch_exit {
    int ra_at; /* return address, from sp */
    int fp_at; /* saved fp, from the caller's sp; 0: fp is the caller's */
};

#define ARCH_EXIT_BYTES 32 /* code that arch_find_exit looks at */

/* Bytes of an instruction that leaves sp alone, or that calls; 0: not known. Of
 * those in start-up stubs, which are the same everywhere. */
static inline unsigned arch_plain_bytes(const uint8_t *code)
{
    if (code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e)
        return 4; /* endbr64 */
    if (code[0] == 0x48 && code[1] == 0x8b && code[2] == 0x05)
        return 7; /* mov (%rip),%rax */
    if (code[0] == 0x48 && code[1] == 0x85 && code[2] == 0xc0)
        return 3; /* test %rax,%rax */
    if (code[0] == 0x74 || code[0] == 0x75)
        return 2; /* je, jne: sp is the same wherever they go */
    if (code[0] == 0xff && code[1] == 0xd0)
        return 2; /* call *%rax */
    return 0;
}

/* Reads on from code to a ret, over what moves sp. */
static inline bool arch_find_exit(const uint8_t code[ARCH_EXIT_BYTES],
                                  struct arch_exit *found)
{
    unsigned at = 0;
    int sp = 0;
    int fp = -1;

    while (at < ARCH_EXIT_BYTES - 7) {
        const uint8_t *next = code + at;
        unsigned plain = arch_plain_bytes(next);

        if (next[0] == 0xc3) {
            found->ra_at = sp;
            found->fp_at = fp < 0 ? 0 : fp - sp - ARCH_WORD;
            return sp >= 0 && sp % ARCH_WORD == 0;
        }
        if (next[0] == 0x48 && next[1] == 0x83 &&
            (next[2] == 0xc4 || next[2] == 0xec)) { /* add, sub $n,%rsp */
            sp += next[2] == 0xc4 ? (int8_t)next[3] : -(int8_t)next[3];
            at += 4;
        } else if ((next[0] & 0xf8) == 0x58) { /* pop */
            if (next[0] == 0x5d)
                fp = sp;
            sp += ARCH_WORD;
            at += 1;
        } else if (next[0] == 0x41 && (next[1] & 0xf8) == 0x58) {
            sp += ARCH_WORD;
            at += 2;
        } else if (plain) {
            at += plain;
        } else {
            return false;
        }
    }
    return false;
}

#endif
