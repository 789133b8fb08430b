/* SPDX-License-Identifier: BSD-2-Clause */
/* arm; AAPCS. arch.h says what each means. Bit 0 of a return address says that
 * it is Thumb code. */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_WORD 4
#define ARCH_LINK 1
#define ARCH_RA_TOP 0
#define ARCH_RA_SPAN 20 /* arguments of variadic functions are between */
#define ARCH_CFA_SP 0
#define ARCH_BACKCHAIN 0
#define ARCH_RECORD_FP 0
#define ARCH_RECORD_PC 4
#define ARCH_RECORD_END 8
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 4
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 4
#define ARCH_EXIDX
#define ARCH_CODE_BITS 1 /* Thumb */

static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word & ~(uintptr_t)1;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    uint32_t first = (uint32_t)code[0] | (uint32_t)code[1] << 8;
    uint32_t second = (uint32_t)code[2] | (uint32_t)code[3] << 8;
    uint32_t word = first | second << 16;

    return (word & 0x0f000000) == 0x0b000000 || /* bl */
           (word & 0xfe000000) == 0xfa000000 || /* blx */
           (word & 0x0ffffff0) == 0x012fff30 || /* blx register */
           (second & 0xff87) == 0x4780 ||       /* Thumb: blx register */
           ((first & 0xf800) == 0xf000 &&
            ((second & 0xd000) == 0xd000 ||     /* Thumb: bl */
             (second & 0xd001) == 0xc000));     /* Thumb: blx */
}

/* bl or blx in front of pc, of one of both kinds of code: whom it calls. */
static inline bool arch_called(const uint8_t code[ARCH_CALL_BYTES],
                               uintptr_t pc, uintptr_t *target)
{
    uint32_t first = (uint32_t)code[0] | (uint32_t)code[1] << 8;
    uint32_t second = (uint32_t)code[2] | (uint32_t)code[3] << 8;
    uint32_t word = first | second << 16;
    uint32_t sign = 0 - (first >> 10 & 1);
    bool changes = (second & 0xd001) == 0xc000; /* blx to ARM code */
    bool thumb = (first & 0xf800) == 0xf000 &&
                 ((second & 0xd000) == 0xd000 || changes);
    bool arm = (word & 0x0f000000) == 0x0b000000 ||
               (word & 0xfe000000) == 0xfa000000;

    if (thumb)
        *target = (changes ? pc & ~(uintptr_t)3 : pc) +
                  (sign << 24 | (~(second >> 13 ^ sign) & 1) << 23 |
                   (~(second >> 11 ^ sign) & 1) << 22 | (first & 0x3ff) << 12 |
                   (second & 0x7ff) << 1);
    else
        *target = pc + 4 + (uintptr_t)((int32_t)(word << 8) >> 6);
    return thumb != arm;
}

/* add ip, pc, or, in front of it for calls from Thumb, bx pc: a stub of the PLT. */
static inline bool arch_is_stub(const uint8_t code[ARCH_CALL_BYTES])
{
    return (code[3] == 0xe2 && code[2] == 0x8f && code[1] >> 4 == 0xc) ||
           (code[1] == 0x47 && code[0] == 0x78);
}

#endif
