/* SPDX-License-Identifier: BSD-2-Clause */
/* What arm's instructions do to a struct arm_code, for the two who decode them.
 * arm-code.c has the theory. Signal-safe. */
#ifndef SIGPROF_UNWIND_ARM_EFFECTS_H
#define SIGPROF_UNWIND_ARM_EFFECTS_H

#include "unwind/arm-frame.h"

/* arm-thumb.c, arm-a32.c: one instruction, which code->pc is behind of. */
enum arm_flow sigprof__arm_thumb_short(struct arm_code *code, uint32_t half);
enum arm_flow sigprof__arm_thumb_long(struct arm_code *code, uint32_t word);
enum arm_flow sigprof__arm_a32(struct arm_code *code, uint32_t word);

#define CALL_LOSES 0x500fu /* r0-r3, r12, lr */
#define SP_RANGE (1 << 28)
#define SYS_EXIT 1
#define SYS_EXIT_GROUP 248

static inline void arm_hold(struct arm_code *code, unsigned reg, enum arm_holds holds,
                 int32_t value)
{
    code->holds[reg] = (uint8_t)holds;
    code->value[reg] = value;
}

/* Could a stack be that large? Not what junk adds. */
static inline bool arm_is_near(int64_t bytes)
{
    return bytes >= -SP_RANGE && bytes <= SP_RANGE;
}

static inline enum arm_flow arm_move_sp(struct arm_code *code, int64_t bytes)
{
    int64_t sp = code->sp + bytes;

    if (!arm_is_near(sp))
        return ARM_FAILS;
    code->sp = (int32_t)sp;
    return ARM_GOES_ON;
}

/* sp becomes what reg holds, plus bytes. */
static inline enum arm_flow arm_sp_from(struct arm_code *code, unsigned reg, int64_t bytes)
{
    if (code->holds[reg] == ARM_FROM_SP) {
        if (code->base != ARM_SP)
            return ARM_FAILS;
        code->sp = code->value[reg];
        return arm_move_sp(code, bytes);
    }
    if (code->holds[reg] != ARM_OWN && code->holds[reg] != ARM_FROM)
        return ARM_FAILS;
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        if (code->holds[i] == ARM_LOADED && code->base != reg)
            return ARM_FAILS; /* from places that count from another base */
    code->base = (uint8_t)reg;
    code->sp = code->value[reg];
    return arm_move_sp(code, bytes);
}

/* to = from + bytes; either may be sp. */
static inline enum arm_flow arm_add(struct arm_code *code, unsigned to, unsigned from,
                         int64_t bytes)
{
    int64_t value = code->value[from] + bytes;

    if (to == ARM_PC)
        return ARM_LEAVES;
    if (to == ARM_SP)
        return from == ARM_SP ? arm_move_sp(code, bytes)
                              : arm_sp_from(code, from, bytes);
    if (from == ARM_SP) {
        value = code->sp + bytes;
        if (code->base == ARM_SP && arm_is_near(value))
            arm_hold(code, to, ARM_FROM_SP, (int32_t)value);
        else
            arm_hold(code, to, ARM_LOST, 0);
        return ARM_GOES_ON;
    }
    if (!arm_is_near(value) &&
        (code->holds[from] != ARM_CONSTANT || value != (int32_t)value))
        arm_hold(code, to, ARM_LOST, 0);
    else if (code->holds[from] == ARM_FROM_SP ||
             code->holds[from] == ARM_CONSTANT)
        arm_hold(code, to, (enum arm_holds)code->holds[from], (int32_t)value);
    else if (from == to && bytes != 0 &&
             (code->holds[from] == ARM_OWN || code->holds[from] == ARM_FROM))
        arm_hold(code, to, ARM_FROM, (int32_t)value);
    else if (from != to)
        arm_hold(code, to, ARM_LOST, 0);
    return ARM_GOES_ON;
}

/* to = from + or - by, all registers. */
static inline enum arm_flow arm_add_register(struct arm_code *code, unsigned to,
                                  unsigned from, unsigned by, int sign)
{
    if (code->holds[by] == ARM_CONSTANT && by != ARM_SP)
        return arm_add(code, to, from, sign * (int64_t)code->value[by]);
    if (to == ARM_PC)
        return ARM_FAILS; /* a table of jumps */
    if (to == ARM_SP)
        return sign < 0 ? ARM_GOES_ON : ARM_FAILS; /* alloca: fp will say */
    arm_hold(code, to, ARM_LOST, 0);
    return ARM_GOES_ON;
}

static inline void arm_save(struct arm_code *code, unsigned reg, int32_t at)
{
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        if ((code->put >> i & 1) && code->put_at[i] == at)
            code->put &= (uint16_t)~(1u << i);
    if (code->holds[reg] == ARM_FROM_SP && code->value[reg] == 0)
        reg = ARM_SP; /* as it was */
    else if (code->holds[reg] != ARM_OWN)
        return;
    if (code->base != ARM_SP || (code->put >> reg & 1))
        return; /* a second place is not where it will be popped from */
    code->put |= (uint16_t)(1u << reg);
    code->put_at[reg] = at;
}

static inline void arm_load(struct arm_code *code, unsigned reg, int32_t at)
{
    arm_hold(code, reg, ARM_LOADED, at);
    if (code->base != ARM_SP)
        return;
    for (unsigned i = 0; i < ARM_REGISTERS; i++) {
        if (!(code->put >> i & 1) || code->put_at[i] != at)
            continue;
        if (i == reg)
            arm_hold(code, reg, ARM_OWN, 0);
        else if (reg == ARM_PC && i == ARM_LR)
            arm_hold(code, ARM_PC, ARM_OWN, 0); /* what the link register had */
        else
            arm_hold(code, reg, ARM_LOST, 0);
        return;
    }
    if (at < 0) /* below sp as it was: not there yet */
        arm_hold(code, reg, ARM_LOST, 0);
}

/* pc has been loaded: from a place that is known? */
static inline enum arm_flow arm_return_to(const struct arm_code *code)
{
    return code->holds[ARM_PC] == ARM_LOST ? ARM_FAILS : ARM_RETURNS;
}

static inline enum arm_flow arm_push(struct arm_code *code, unsigned list)
{
    int32_t at = code->sp - 4 * (int32_t)arm_count(list);

    /* One function does not save it twice: this is the next one, behind a call that
     * does not return. */
    if ((list >> ARM_LR & 1) && code->holds[ARM_LR] != ARM_OWN)
        return ARM_FAILS;
    code->sp = at;
    for (unsigned i = 0; i < ARM_REGISTERS; i++) {
        if (!(list >> i & 1))
            continue;
        arm_save(code, i, at);
        at += 4;
    }
    return ARM_GOES_ON;
}

static inline enum arm_flow arm_pop(struct arm_code *code, unsigned list)
{
    if (list >> ARM_SP & 1)
        return ARM_FAILS;
    for (unsigned i = 0; i < ARM_REGISTERS; i++) {
        if (!(list >> i & 1))
            continue;
        arm_load(code, i, code->sp);
        code->sp += 4;
    }
    return list >> ARM_PC & 1 ? arm_return_to(code) : ARM_GOES_ON;
}

static inline void arm_call(struct arm_code *code)
{
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        if (CALL_LOSES >> i & 1)
            arm_hold(code, i, ARM_LOST, 0);
}

static inline enum arm_flow arm_jump(struct arm_code *code, unsigned reg)
{
    arm_hold(code, ARM_PC, ARM_LOST, 0);
    if (reg == ARM_LR)
        return code->holds[ARM_LR] == ARM_OWN || code->holds[ARM_LR] == ARM_LOADED
                   ? ARM_RETURNS
                   : ARM_FAILS;
    return ARM_LEAVES;
}

static inline enum arm_flow arm_system_call(struct arm_code *code)
{
    if (code->holds[7] == ARM_CONSTANT &&
        (code->value[7] == SYS_EXIT || code->value[7] == SYS_EXIT_GROUP))
        return ARM_ENDS;
    arm_hold(code, 0, ARM_LOST, 0);
    return ARM_GOES_ON;
}

/* A load of one register from sp; after: what sp is then more. */
static inline enum arm_flow arm_load_one(struct arm_code *code, unsigned reg, int32_t offset,
                              int32_t after)
{
    if (reg == ARM_SP)
        return ARM_FAILS;
    arm_load(code, reg, code->sp + offset);
    code->sp += after;
    return reg == ARM_PC ? arm_return_to(code) : ARM_GOES_ON;
}

static inline enum arm_flow arm_save_one(struct arm_code *code, unsigned reg, int32_t offset,
                              int32_t before)
{
    code->sp += before;
    arm_save(code, reg, code->sp + offset);
    return ARM_GOES_ON;
}

/* With what PLT's first entry ends: lr is pushed, and nothing else is. */
static inline enum arm_flow arm_enter_loader(struct arm_code *code)
{
    if (code->holds[ARM_LR] != ARM_OWN) {
        arm_load(code, ARM_LR, code->sp);
        code->sp += 4;
    }
    return ARM_RETURNS;
}

static inline int32_t arm_field(uint32_t word, unsigned low, unsigned bits)
{
    return (int32_t)(word >> low & ((1u << bits) - 1));
}

static inline int32_t arm_signed_field(uint32_t value, unsigned bits)
{
    return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

static inline enum arm_flow arm_go(struct arm_code *code, int32_t distance,
                        enum arm_flow flow)
{
    code->target = code->pc + (uint32_t)distance;
    return flow;
}

#endif
