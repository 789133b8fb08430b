/* SPDX-License-Identifier: BSD-2-Clause */
/* aarch64; AAPCS64. arch.h says what each means. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_WORD 8
#define ARCH_LINK 1
#define ARCH_RA_TOP 0
#define ARCH_RA_SPAN 512 /* nearly all frames: it is at their lower end */
#define ARCH_CFA_SP 0
#define ARCH_BACKCHAIN 0
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 8
#define ARCH_RECORD_END 16
#define ARCH_RECORD_IS_LOW 1
#define ARCH_STACK_ALIGN 16
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 4
#define ARCH_PLT_PUSHES 16 /* bytes; then it jumps to the loader */

/* A signed return address (pointer authentication) without its signature:
 * XPACLRI, which older processors take for a nop. It knows where the signature
 * is; a mask would have to. */
static inline uintptr_t arch_return_address(uintptr_t word)
{
    register uintptr_t link __asm__("x30") = word;

    __asm__("hint #7" : "+r"(link));
    return link;
}

/* Does the code end with the first PLT entry's push and up to three instructions
 * behind it? */
#define ARCH_PLT_BYTES 16
static inline bool arch_has_pushed(const uint8_t code[ARCH_PLT_BYTES])
{
    for (int i = 0; i < ARCH_PLT_BYTES; i += 4)
        if (code[i] == 0xf0 && code[i + 1] == 0x7b && code[i + 2] == 0xbf &&
            code[i + 3] == 0xa9) /* stp x16, x30, [sp, #-16]! */
            return true;
    return false;
}

static inline uint32_t arch_word(const uint8_t *code)
{
    return (uint32_t)code[0] | (uint32_t)code[1] << 8 |
           (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;
}

/* bl in front of pc: whom it calls. */
static inline bool arch_called(const uint8_t code[ARCH_CALL_BYTES],
                               uintptr_t pc, uintptr_t *target)
{
    uint32_t word = arch_word(code);

    *target = pc - 4 + (uintptr_t)(intptr_t)((int32_t)(word << 6) >> 4);
    return (word & 0xfc000000) == 0x94000000;
}

/* adrp x16: a stub of the PLT begins so. */
static inline bool arch_is_stub(const uint8_t code[ARCH_CALL_BYTES])
{
    return (arch_word(code) & 0x9f00001f) == 0x90000010;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    uint32_t word = arch_word(code);

    return (word & 0xfc000000) == 0x94000000 || /* bl */
           (word & 0xfefff000) == 0xd63f0000;   /* blr, and with a check */
}

#endif
