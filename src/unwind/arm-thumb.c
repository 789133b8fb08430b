/* SPDX-License-Identifier: BSD-2-Clause */
/* Thumb instructions, as far as they matter to a frame. "Arm Architecture Reference
 * Manual", Armv7-A, chapter A6. Signal-safe. */
#include "unwind/arm-effects.h"

/* 0100 01..: high registers. code->pc is behind the instruction. */
static enum arm_flow thumb_high(struct arm_code *code, uint32_t half)
{
    unsigned to = (unsigned)(arm_field(half, 0, 3) | (arm_field(half, 7, 1) << 3));
    unsigned from = (unsigned)arm_field(half, 3, 4);

    switch (half >> 8 & 3) {
    case 0:
        return arm_add_register(code, to, to, from, 1);
    case 1:
        return ARM_GOES_ON;
    case 2:
        return to == ARM_PC ? arm_jump(code, from) : arm_add(code, to, from, 0);
    default:
        if (half & 0x80) {
            arm_call(code);
            return ARM_GOES_ON;
        }
        if (from != ARM_PC)
            return arm_jump(code, from);
        code->thumb = false; /* a stub of the PLT */
        code->target = (code->pc + 2) & ~(uint32_t)3;
        return ARM_JUMPS;
    }
}

/* 1011....: pushes and pops, and what there was room for. */
static enum arm_flow thumb_misc(struct arm_code *code, uint32_t half)
{
    uint32_t list = half & 0xff;

    if ((half & 0xff00) == 0xb000)
        return arm_move_sp(code, (half & 0x80 ? -4 : 4) * (int64_t)(half & 0x7f));
    if ((half & 0xfe00) == 0xb400)
        return arm_push(code, list | (half & 0x100 ? 1u << ARM_LR : 0));
    if ((half & 0xfe00) == 0xbc00)
        return arm_pop(code, list | (half & 0x100 ? 1u << ARM_PC : 0));
    if ((half & 0xf500) == 0xb100) /* cbz, cbnz */
        return arm_go(code, 2 + (arm_field(half, 3, 5) << 1 | arm_field(half, 9, 1) << 6),
                  ARM_BRANCHES);
    if ((half & 0xff00) == 0xbf00 && (half & 15)) /* it */
        code->it = (uint8_t)(4 - __builtin_ctz(half & 15));
    return ARM_GOES_ON;
}

enum arm_flow sigprof__arm_thumb_short(struct arm_code *code, uint32_t half)
{
    unsigned to = (unsigned)arm_field(half, 8, 3);
    int32_t value = arm_field(half, 0, 8);

    switch (half >> 12) {
    case 1: /* adds, subs with a number of 3 bits */
        if ((half & 0xfc00) == 0x1c00)
            return arm_add(code, half & 7, half >> 3 & 7,
                       (half & 0x200 ? -1 : 1) * arm_field(half, 6, 3));
        return ARM_GOES_ON;
    case 2:
        if (!(half & 0x800))
            arm_hold(code, to, ARM_CONSTANT, value);
        return ARM_GOES_ON;
    case 3:
        return arm_add(code, to, to, half & 0x800 ? -value : value);
    case 4:
        if ((half & 0xfc00) == 0x4400)
            return thumb_high(code, half);
        if ((half & 0xf800) == 0x4800)
            arm_hold(code, to, ARM_LOST, 0);
        return ARM_GOES_ON;
    case 9:
        return half & 0x800 ? arm_load_one(code, to, 4 * value, 0)
                            : arm_save_one(code, to, 4 * value, 0);
    case 10:
        if (half & 0x800)
            return arm_add(code, to, ARM_SP, 4 * value);
        arm_hold(code, to, ARM_LOST, 0);
        return ARM_GOES_ON;
    case 11:
        return thumb_misc(code, half);
    case 13:
        if ((half & 0xf00) == 0xf00)
            return arm_system_call(code);
        if ((half & 0xf00) == 0xe00)
            return ARM_FAILS;
        return arm_go(code, 2 + 2 * arm_signed_field(half, 8), ARM_BRANCHES);
    case 14:
        return arm_go(code, 2 + 2 * arm_signed_field(half, 11), ARM_JUMPS);
    default:
        return ARM_GOES_ON;
    }
}

/* ThumbExpandImm. */
static int64_t thumb_constant(uint32_t word)
{
    uint32_t i = (uint32_t)(arm_field(word, 26, 1) << 11 | arm_field(word, 12, 3) << 8 |
                            arm_field(word, 0, 8));
    uint32_t byte = i & 0xff;
    unsigned turn = i >> 7;

    if (turn < 8) {
        switch (i >> 8) {
        case 0:
            return byte;
        case 1:
            return byte << 16 | byte;
        case 2:
            return (int64_t)byte << 24 | byte << 8;
        default:
            return (int64_t)byte << 24 | byte << 16 | byte << 8 | byte;
        }
    }
    return (byte | 0x80) << (32 - turn);
}

static int32_t thumb_plain(uint32_t word)
{
    return arm_field(word, 26, 1) << 11 | arm_field(word, 12, 3) << 8 |
           arm_field(word, 0, 8);
}

/* 1111 0...: numbers and branches. */
static enum arm_flow thumb_branch(struct arm_code *code, uint32_t word)
{
    uint32_t sign = word >> 26 & 1;
    uint32_t j1 = word >> 13 & 1;
    uint32_t j2 = word >> 11 & 1;
    uint32_t high = word >> 16 & 0x3ff;
    uint32_t low = word & 0x7ff;

    if ((word & 0x5000) != 0) { /* bl, blx; or b.w */
        if (word & 0x4000) {
            arm_call(code);
            return ARM_GOES_ON;
        }
        return arm_go(code,
                  2 * arm_signed_field(sign << 23 | (1 ^ j1 ^ sign) << 22 |
                                       (1 ^ j2 ^ sign) << 21 | high << 11 | low,
                                   24),
                  ARM_JUMPS);
    }
    if ((word & 0x03800000) == 0x03800000) /* of the system */
        return (word & 0x07f0f000) == 0x07f0a000 ? ARM_FAILS : ARM_GOES_ON;
    return arm_go(code,
              2 * arm_signed_field(sign << 19 | j2 << 18 | j1 << 17 |
                                   (high & 0x3f) << 11 | low,
                               20),
              ARM_BRANCHES);
}

static enum arm_flow thumb_number(struct arm_code *code, uint32_t word)
{
    unsigned from = word >> 16 & 15;
    unsigned to = word >> 8 & 15;

    if (word & 0x8000)
        return thumb_branch(code, word);
    switch (word >> 20 & 0x3e) {
    case 0x10: /* add.w; to pc it is a comparison */
        if (to != ARM_PC)
            return arm_add(code, to, from, thumb_constant(word));
        return ARM_GOES_ON;
    case 0x1a:
        if (to != ARM_PC)
            return arm_add(code, to, from, -thumb_constant(word));
        return ARM_GOES_ON;
    case 0x20: /* addw, subw */
        if (from != ARM_PC)
            return arm_add(code, to, from, thumb_plain(word));
        break;
    case 0x2a:
        if (from != ARM_PC)
            return arm_add(code, to, from, -thumb_plain(word));
        break;
    case 0x04: /* mov.w is orr without a register */
        if (from == ARM_PC) {
            arm_hold(code, to, ARM_CONSTANT, (int32_t)thumb_constant(word));
            return ARM_GOES_ON;
        }
        break;
    case 0x24: /* movw */
        arm_hold(code, to, ARM_CONSTANT,
             arm_field(word, 16, 4) << 12 | thumb_plain(word));
        return ARM_GOES_ON;
    case 0x2c: /* movt */
        if (code->holds[to] == ARM_CONSTANT) {
            arm_hold(code, to, ARM_CONSTANT,
                 (int32_t)((uint32_t)(arm_field(word, 16, 4) << 12 |
                                      thumb_plain(word))
                               << 16 |
                           ((uint32_t)code->value[to] & 0xffff)));
            return ARM_GOES_ON;
        }
        break;
    default:
        break;
    }
    if (to != ARM_PC && to != ARM_SP)
        arm_hold(code, to, ARM_LOST, 0);
    return ARM_GOES_ON;
}

/* 1110 100.: several registers, pairs, tables of jumps. */
static enum arm_flow thumb_several(struct arm_code *code, uint32_t word)
{
    unsigned base = word >> 16 & 15;
    unsigned first = word >> 12 & 15;
    unsigned second = word >> 8 & 15;
    int32_t offset = 4 * arm_field(word, 0, 8);
    enum arm_flow flow;

    if ((word & 0xfff0ffe0) == 0xe8d0f000) {
        code->span = word & 0x10 ? 2 : 1;
        return base == ARM_PC ? arm_go(code, 0, ARM_TABLE) : ARM_FAILS;
    }
    switch (word >> 16) {
    case 0xe92d:
        return arm_push(code, word & 0xffff);
    case 0xe8bd:
        return arm_pop(code, word & 0xffff);
    case 0xe96d: /* strd first, second, [sp, #-n]! */
        offset = -offset;
        flow = arm_save_one(code, first, 0, offset);
        return flow == ARM_GOES_ON ? arm_save_one(code, second, 4, 0) : flow;
    case 0xe9cd:
        arm_save_one(code, first, offset, 0);
        return arm_save_one(code, second, offset + 4, 0);
    case 0xe9dd: /* ldrd */
        flow = arm_load_one(code, first, offset, 0);
        return flow == ARM_GOES_ON ? arm_load_one(code, second, offset + 4, 0)
                                   : flow;
    case 0xe8fd: /* ldrd first, second, [sp], #n */
        flow = arm_load_one(code, first, 0, 0);
        return flow == ARM_GOES_ON ? arm_load_one(code, second, 4, offset) : flow;
    default: /* ldm of pc, as longjmp would */
        return (word & 0xfe508000) == 0xe8108000 ? ARM_FAILS : ARM_GOES_ON;
    }
}

/* 1111 100.: one register. */
static enum arm_flow thumb_one(struct arm_code *code, uint32_t word)
{
    unsigned reg = word >> 12 & 15;

    switch (word >> 16) {
    case 0xf84d: /* str reg, [sp, #-n]! */
        if ((word & 0xf00) == 0xd00)
            return arm_save_one(code, reg, 0, -arm_field(word, 0, 8));
        break;
    case 0xf85d: /* ldr reg, [sp], #n */
        if ((word & 0xf00) == 0xb00)
            return arm_load_one(code, reg, 0, arm_field(word, 0, 8));
        break;
    case 0xf8dd:
        return arm_load_one(code, reg, arm_field(word, 0, 12), 0);
    case 0xf8cd:
        return arm_save_one(code, reg, arm_field(word, 0, 12), 0);
    default:
        break;
    }
    if ((word & 0xff700000) == 0xf8500000) { /* ldr from elsewhere */
        if (reg == ARM_PC)
            return ARM_LEAVES;
        if (reg != ARM_SP)
            arm_hold(code, reg, ARM_LOST, 0);
        return reg == ARM_SP ? ARM_FAILS : ARM_GOES_ON;
    }
    return ARM_GOES_ON;
}

enum arm_flow sigprof__arm_thumb_long(struct arm_code *code, uint32_t word)
{
    unsigned to = word >> 8 & 15;
    unsigned from = word >> 16 & 15;

    switch (word >> 25) {
    case 0x74:
        return thumb_several(code, word);
    case 0x75: /* registers: mov, add, sub */
        if ((word & 0xffeff0f0) == 0xea4f0000)
            return arm_add(code, to, word & 15, 0);
        if ((word & 0xffe0f0f0) == 0xeb000000 && to != ARM_PC)
            return arm_add_register(code, to, from, word & 15, 1);
        if ((word & 0xffe0f0f0) == 0xeba00000 && to != ARM_PC)
            return arm_add_register(code, to, from, word & 15, -1);
        if (to < ARM_SP)
            arm_hold(code, to, ARM_LOST, 0);
        return ARM_GOES_ON;
    case 0x76: /* vpop, vpush */
        if ((word & 0xffbf0e00) == 0xecbd0a00)
            return arm_move_sp(code, 4 * (int64_t)(word & 0xff));
        if ((word & 0xffbf0e00) == 0xed2d0a00)
            return arm_move_sp(code, -4 * (int64_t)(word & 0xff));
        return ARM_GOES_ON;
    case 0x78:
    case 0x79:
    case 0x7a:
    case 0x7b:
        return thumb_number(code, word);
    case 0x7c:
        return thumb_one(code, word);
    default:
        return ARM_GOES_ON;
    }
}
