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

static inline uintptr_t arch_behind(const uint8_t *distance, uintptr_t next)
{
    uint32_t word = (uint32_t)distance[0] | (uint32_t)distance[1] << 8 |
                    (uint32_t)distance[2] << 16 | (uint32_t)distance[3] << 24;

    return next + (uintptr_t)(intptr_t)(int32_t)word;
}

/* Whom does the call before a return address call, where it says so? */
#define ARCH_CALLS_SAY
static inline bool arch_call_target(const uint8_t code[ARCH_CALL_BYTES],
                                    uintptr_t back, uintptr_t *target)
{
    *target = arch_behind(code + 3, back);
    return code[2] == 0xe8;
}

/* Where has a stub of the PLT, at address at, what it jumps to? x86-64's; i386's
 * does not say. */
#define ARCH_STUB_BYTES 11
static inline bool arch_stub(const uint8_t code[ARCH_STUB_BYTES], uintptr_t at,
                             uintptr_t *slot)
{
    unsigned skip = code[0] == 0xf3 && code[1] == 0x0f ? 4 : 0; /* endbr64 */

    skip += code[skip] == 0xf2; /* bnd */
    *slot = arch_behind(code + skip + 2, at + skip + 6);
    return sizeof(void *) == 8 && code[skip] == 0xff && code[skip + 1] == 0x25;
}

/* Bytes of an instruction that compilers put between pushes: moves, sums and tests
 * of registers; 0: another, or sp is changed. Its prefix is left out. */
static inline unsigned arch_move_bytes(const uint8_t *code)
{
    static const uint8_t plain[] = {0x01, 0x03, 0x21, 0x23, 0x29, 0x2b, 0x31,
                                    0x33, 0x39, 0x3b, 0x63, 0x85, 0x89, 0x8b,
                                    0x8d};
    unsigned two = code[0] == 0x0f;
    const uint8_t *mode = code + 1 + two;
    unsigned bytes = 2 + two + (*mode >> 6 != 3 && (*mode & 7) == 4) +
                     (*mode >> 6 == 1) + 4 * (*mode >> 6 == 2) +
                     4 * ((*mode & 0xc7) == 5);

    if (two) /* imul; movs of bytes and words */
        return code[1] == 0xaf || (code[1] & 0xf6) == 0xb6 ? bytes : 0;
    if ((code[0] & 0xf8) == 0xb8)
        return 5; /* mov $n, %r */
    for (unsigned i = 0; i < sizeof plain; i++)
        if (code[0] == plain[i])
            return bytes;
    return 0;
}

/* Which of the words that a function begins with pushing is the frame pointer? The
 * first is 1; 0: none, or it jumps to another function, at *jump, at once. */
#define ARCH_PUSH_BYTES 40
static inline unsigned arch_fp_push(const uint8_t code[ARCH_PUSH_BYTES],
                                    uintptr_t *jump)
{
    unsigned at = code[0] == 0xf3 ? 4 : 0; /* endbr */
    unsigned pushes = 0;

    while (at < ARCH_PUSH_BYTES - 8) {
        unsigned wide = sizeof(void *) == 8 && (code[at] & 0xf0) == 0x40;
        unsigned bytes = arch_move_bytes(code + at + wide);

        if (!wide && code[at] == 0x55)
            return pushes + 1;
        if (pushes == 0 && code[at] == 0xe9)
            *jump = arch_behind(code + at + 1, *jump + at + 5);
        if ((code[at + wide] & 0xf8) == 0x50) {
            pushes++;
            bytes = 1;
        }
        if (bytes == 0)
            break;
        at += wide + bytes;
    }
    return 0;
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
