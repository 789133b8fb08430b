/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arm's instructions do to the stack, on the way from any place in a function
 * to where it returns. Signal-safe.
 *
 * A function that has made a frame takes it apart before it returns. So whoever
 * follows its code from pc on, to a return, learns where the frame's registers and
 * its return address are, wherever pc is: before, in or behind what makes the frame.
 * No begin of the function need be known, which on arm nobody tells.
 *
 * Followed are sp, and registers that are added to it or that it is taken from; what
 * is pushed on the way, so that popping it gives what there was; and whether the link
 * register still has what it had. All other instructions change nothing here.
 * Instructions under a condition are left out, unless they return.
 */
#include "unwind/arm-effects.h"

#define MADE_SAVED 0x4ff0u /* r4-r11, lr */
#define ALL_SAVED 0x6ff0u  /* ... and sp */

void sigprof__arm_code_begin(struct arm_code *code, uint32_t pc, bool thumb,
                             bool linked)
{
    code->pc = pc;
    code->target = 0;
    code->span = 0;
    code->thumb = thumb;
    code->it = 0;
    code->base = ARM_SP;
    code->sp = 0;
    code->put = 0;
    for (unsigned i = 0; i < ARM_REGISTERS; i++) {
        code->holds[i] = ARM_OWN;
        code->value[i] = 0;
        code->put_at[i] = 0;
    }
    code->linked = linked;
    if (!linked)
        code->holds[ARM_LR] = ARM_LOST;
    code->holds[ARM_PC] = ARM_LOST;
}

/* Under a condition only what returns, branches or calls is run: an exit that may be
 * taken is one, and a branch may be taken or not. */
static bool thumb_matters(uint32_t word, bool is_short)
{
    uint32_t half = word >> 16;

    if (is_short)
        return half == 0x4770 || (half & 0xff87) == 0x4780 ||
               (half & 0xff00) == 0xbd00 || (half & 0xf800) == 0xe000;
    return (word & 0xffff8000) == 0xe8bd8000 ||
           (word & 0xfffff000) == 0xf85df000 ||
           ((word & 0xf8008000) == 0xf0008000 && (word & 0x5000) != 0);
}

static bool arm_matters(uint32_t word)
{
    return (word & 0x0e000000) == 0x0a000000 ||
           (word & 0x0fffffdf) == 0x012fff1e ||
           (word & 0x0ffffff0) == 0x012fff30 ||
           (word & 0x0fff8000) == 0x08bd8000 ||
           (word & 0x0ffff000) == 0x049df000 ||
           (word & 0x0fffffff) == 0x01a0f00e;
}

static enum arm_flow maybe(enum arm_flow flow)
{
    return flow == ARM_JUMPS ? ARM_BRANCHES : flow;
}

static enum arm_flow take_arm(struct arm_code *code, uint32_t word)
{
    bool always = word >> 28 >= 14;

    code->pc += 4;
    if (always)
        return sigprof__arm_a32(code, word);
    return arm_matters(word) ? maybe(sigprof__arm_a32(code, word)) : ARM_GOES_ON;
}

static enum arm_flow take_thumb(struct arm_code *code, uint32_t word)
{
    bool is_short = word >> 27 < 0x1d;
    bool always = code->it == 0;
    enum arm_flow flow = ARM_GOES_ON;

    code->pc += is_short ? 2 : 4;
    if (!always)
        code->it--;
    if (always || thumb_matters(word, is_short))
        flow = is_short ? sigprof__arm_thumb_short(code, word >> 16)
                        : sigprof__arm_thumb_long(code, word);
    return always ? flow : maybe(flow);
}

static uint32_t half_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

enum arm_flow sigprof__arm_code_take(struct arm_code *code,
                                     const uint8_t bytes[ARM_CODE_BYTES])
{
    uint32_t first = half_at(bytes);
    uint32_t second = half_at(bytes + 2);

    return code->thumb ? take_thumb(code, first << 16 | second)
                       : take_arm(code, second << 16 | first);
}

static enum arm_sign thumb_sign(uint32_t first, uint32_t second)
{
    if ((first & 0xff00) == 0xb500 ||
        (first == 0xe92d && (second & 0x4000)) ||
        (first == 0xf84d && (second & 0xff00) == 0xed00))
        return ARM_SIGN_BEGINS;
    if ((first & 0xfff0) == 0xb400 && (first & 15))
        return ARM_SIGN_ARGUMENTS;
    return first == 0x4770 || (first & 0xff00) == 0xbd00 ||
                   (first == 0xe8bd && (second & 0x8000)) ||
                   (first == 0xf85d && (second & 0xff00) == 0xfb00)
               ? ARM_SIGN_RETURNS
               : ARM_SIGN_NONE;
}

enum arm_sign sigprof__arm_code_sign(const uint8_t bytes[ARM_CODE_BYTES],
                                     bool thumb)
{
    uint32_t first = half_at(bytes);
    uint32_t second = half_at(bytes + 2);
    uint32_t word = second << 16 | first;

    if (thumb)
        return thumb_sign(first, second);
    if ((word & 0xffff4000) == 0xe92d4000 ||
        (word & 0xfffff000) == 0xe52de000)
        return ARM_SIGN_BEGINS;
    if ((word & 0xfffffff0) == 0xe92d0000)
        return ARM_SIGN_ARGUMENTS;
    return (word & 0x0fffffff) == 0x012fff1e ||
                   (word & 0x0fff8000) == 0x08bd8000 ||
                   (word & 0x0ffff000) == 0x049df000
               ? ARM_SIGN_RETURNS
               : ARM_SIGN_NONE;
}

bool sigprof__arm_code_made(const struct arm_code *code,
                            struct arm_frame *frame)
{
    frame->base = code->holds[7] == ARM_FROM_SP    ? 7
                  : code->holds[11] == ARM_FROM_SP ? 11
                                                   : ARM_SP;
    frame->cfa = frame->base == ARM_SP ? -code->sp : -code->value[frame->base];
    frame->saved = code->put & MADE_SAVED;
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        frame->at[i] = frame->saved >> i & 1 ? code->put_at[i] : 0;
    return code->base == ARM_SP && (frame->saved >> ARM_LR & 1);
}

bool sigprof__arm_code_saves_all(const struct arm_code *code)
{
    int32_t first = code->put_at[4];

    if ((code->put & ALL_SAVED) != ALL_SAVED)
        return false;
    for (int i = 5; i <= ARM_SP; i++)
        if (i != 12 && code->put_at[i] != first + 4 * (i - 4))
            return false;
    return true;
}

static void put_at(struct arm_frame *frame, unsigned reg, int32_t at)
{
    frame->saved |= (uint16_t)(1u << reg);
    frame->at[reg] = at;
}

bool sigprof__arm_code_frame(const struct arm_code *code,
                             struct arm_frame *frame)
{
    unsigned back = code->holds[ARM_PC] == ARM_LOST ? ARM_LR : ARM_PC;

    frame->base = code->base;
    frame->cfa = code->sp;
    frame->saved = 0;
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        frame->at[i] = 0;
    for (unsigned i = 4; i < 12; i++)
        if (code->holds[i] == ARM_LOADED)
            put_at(frame, i, code->value[i] - code->sp);
    if (code->holds[back] == ARM_LOADED)
        put_at(frame, ARM_LR, code->value[back] - code->sp);
    else if (code->holds[back] != ARM_OWN)
        return false;
    /* Not on the stack: then it has to be in the link register yet. */
    return (frame->saved >> ARM_LR & 1) || code->linked;
}
