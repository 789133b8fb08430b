/* SPDX-License-Identifier: BSD-2-Clause */
/* ARM instructions (A32), as far as they matter to a frame; the same manual, chapter
 * A5. Signal-safe. */
#include "unwind/arm-effects.h"

static int64_t arm_constant(uint32_t word)
{
    uint32_t byte = word & 0xff;
    unsigned turn = (word >> 8 & 15) * 2;

    return turn ? (byte >> turn | byte << (32 - turn)) & 0xffffffffu : byte;
}

/* cond 000.: registers, and pairs of them. */
static enum arm_flow arm_registers(struct arm_code *code, uint32_t word)
{
    unsigned from = word >> 16 & 15;
    unsigned to = word >> 12 & 15;
    unsigned by = word & 15;

    if ((word & 0x0ffffff0) == 0x012fff10)
        return by == ARM_PC ? ARM_FAILS : arm_jump(code, by);
    if ((word & 0x0ffffff0) == 0x012fff30) {
        arm_call(code);
        return ARM_GOES_ON;
    }
    if ((word & 0x0e5000d0) == 0x004000d0 && from == ARM_SP) { /* ldrd, strd */
        int32_t n = arm_field(word, 8, 4) << 4 | arm_field(word, 0, 4);
        bool before = word >> 24 & 1;
        int32_t change = before && !(word >> 21 & 1) ? 0
                         : word >> 23 & 1            ? n
                                                     : -n;
        int32_t offset = change ? 0 : n;

        if (to >= ARM_LR || (before && !change && !(word >> 23 & 1)))
            return ARM_FAILS;
        if (word & 0x20) {
            arm_save_one(code, to, offset, before ? change : 0);
            arm_save_one(code, to + 1, offset + 4, before ? 0 : change);
        } else {
            arm_load_one(code, to, offset, 0);
            arm_load_one(code, to + 1, offset + 4, before ? 0 : change);
        }
        return ARM_GOES_ON;
    }
    if ((word & 0x0ffff000) == 0x008ff000) /* add pc, pc, n: into a row of stores */
        return arm_go(code, 4, ARM_JUMPS);
    if ((word & 0x0fef0ff0) == 0x01a00000) /* mov */
        return to == ARM_PC ? arm_jump(code, by) : arm_add(code, to, by, 0);
    if ((word & 0x0fe00ff0) == 0x00800000)
        return arm_add_register(code, to, from, by, 1);
    if ((word & 0x0fe00ff0) == 0x00400000)
        return arm_add_register(code, to, from, by, -1);
    if (to == ARM_PC && (word & 0x01900000) != 0x01100000)
        return ARM_FAILS;
    if (to < ARM_SP)
        arm_hold(code, to, ARM_LOST, 0);
    return ARM_GOES_ON;
}

/* cond 001.: numbers. */
static enum arm_flow arm_number(struct arm_code *code, uint32_t word)
{
    unsigned from = word >> 16 & 15;
    unsigned to = word >> 12 & 15;
    int32_t wide = arm_field(word, 16, 4) << 12 | arm_field(word, 0, 12);

    switch (word >> 20 & 0x1e) {
    case 0x08:
        if (from != ARM_PC)
            return arm_add(code, to, from, arm_constant(word));
        break;
    case 0x04:
        if (from != ARM_PC)
            return arm_add(code, to, from, -arm_constant(word));
        break;
    case 0x1a:
        arm_hold(code, to, ARM_CONSTANT, (int32_t)arm_constant(word));
        return ARM_GOES_ON;
    case 0x10: /* movw */
        if (!(word >> 20 & 1))
            arm_hold(code, to, ARM_CONSTANT, wide);
        return ARM_GOES_ON;
    case 0x14: /* movt, or a comparison */
        if (!(word >> 20 & 1) && code->holds[to] == ARM_CONSTANT)
            arm_hold(code, to, ARM_CONSTANT,
                 (int32_t)((uint32_t)wide << 16 |
                           ((uint32_t)code->value[to] & 0xffff)));
        return ARM_GOES_ON;
    case 0x12:
    case 0x16: /* comparisons, hints */
        return ARM_GOES_ON;
    default:
        break;
    }
    if (to < ARM_SP)
        arm_hold(code, to, ARM_LOST, 0);
    return ARM_GOES_ON;
}

/* cond 01..: one register. */
static enum arm_flow arm_one(struct arm_code *code, uint32_t word)
{
    unsigned reg = word >> 12 & 15;
    int32_t offset = arm_field(word, 0, 12);

    if ((word & 0x0ff000f0) == 0x07f000f0)
        return ARM_FAILS; /* udf */
    if (word == 0xe5bef008) /* ldr pc, [lr, #8]! */
        return arm_enter_loader(code);
    switch (word >> 16 & 0xfff) {
    case 0x52d:
        return arm_save_one(code, reg, 0, -offset);
    case 0x49d:
        return arm_load_one(code, reg, 0, offset);
    case 0x59d:
        return arm_load_one(code, reg, offset, 0);
    case 0x58d:
        return arm_save_one(code, reg, offset, 0);
    default:
        break;
    }
    if (!(word >> 20 & 1) || (word & 0x02000010) == 0x02000010)
        return ARM_GOES_ON; /* a store; or of the media */
    if (reg == ARM_PC) /* ip: a stub of the PLT, which is as good as a return */
        return (word >> 16 & 15) == 12 ? ARM_RETURNS : ARM_LEAVES;
    if (reg == ARM_SP)
        return ARM_FAILS;
    arm_hold(code, reg, ARM_LOST, 0);
    return ARM_GOES_ON;
}

/* cond 1...: several registers, branches, coprocessors. */
static enum arm_flow arm_rest(struct arm_code *code, uint32_t word)
{
    if ((word & 0x0e000000) == 0x0a000000) {
        if (word >> 24 & 1) {
            arm_call(code);
            return ARM_GOES_ON;
        }
        return arm_go(code, 4 + 4 * arm_signed_field(word, 24), ARM_JUMPS);
    }
    if ((word & 0x0fff0000) == 0x092d0000)
        return arm_push(code, word & 0xffff);
    if ((word & 0x0fff0000) == 0x08bd0000)
        return arm_pop(code, word & 0xffff);
    if ((word & 0x0e108000) == 0x08108000)
        return ARM_FAILS; /* ldm of pc, as longjmp would */
    if ((word & 0x0f000000) == 0x0f000000)
        return arm_system_call(code);
    if ((word & 0x0fbf0e00) == 0x0cbd0a00)
        return arm_move_sp(code, 4 * (int64_t)(word & 0xff));
    if ((word & 0x0fbf0e00) == 0x0d2d0a00)
        return arm_move_sp(code, -4 * (int64_t)(word & 0xff));
    return ARM_GOES_ON;
}

enum arm_flow sigprof__arm_a32(struct arm_code *code, uint32_t word)
{
    if (word >> 28 == 15) { /* blx, or nothing that matters */
        if ((word & 0x0e000000) == 0x0a000000)
            arm_call(code);
        return ARM_GOES_ON;
    }
    switch (word >> 25 & 7) {
    case 0:
        return arm_registers(code, word);
    case 1:
        return arm_number(code, word);
    case 2:
    case 3:
        return arm_one(code, word);
    default:
        return arm_rest(code, word);
    }
}
