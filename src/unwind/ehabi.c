/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instructions of arm's unwind tables, "Exception Handling ABI for the Arm
 * Architecture", sections 6 and 10. Signal-safe.
 *
 * They undo a function's frame step by step: each pops registers or moves a virtual
 * sp. Run here without a stack, they give the places that they would have popped
 * from. What a run cannot give so is a virtual sp that is taken from a register
 * which has just been popped, or whose old value pops have counted from: no compiler
 * makes that.
 */
#include "unwind/arm-frame.h"

struct run {
    struct arm_frame *frame;
    const uint32_t *word;
    unsigned at;
    unsigned end;
    int32_t sp; /* minus what frame->base holds */
    bool bad;
};

static unsigned byte_of(const uint32_t *word, unsigned at)
{
    return word[at / 4] >> (24 - 8 * (at % 4)) & 0xff;
}

enum ehabi_result sigprof__ehabi_find(const uint32_t *word, unsigned words,
                                      unsigned *first, unsigned *bytes)
{
    unsigned more; /* words behind the one that says how many */
    unsigned said; /* ... in that word, so many bytes before the instructions */

    if (words == 0)
        return EHABI_BAD;
    if (!(word[0] & 0x80000000)) { /* a personality routine's; GNU's layout */
        if (word[0] == EHABI_CANTUNWIND)
            return EHABI_CANTUNWIND_HERE;
        if (words < 2)
            return EHABI_BAD;
        more = word[1] >> 24;
        said = 5;
    } else if (word[0] >> 24 == 0x80) {
        more = 0;
        said = 1;
    } else if (word[0] >> 24 == 0x81 || word[0] >> 24 == 0x82) {
        more = word[0] >> 16 & 0xff;
        said = 2;
    } else {
        return EHABI_BAD;
    }
    *first = said;
    *bytes = (said / 4 + 1 + more) * 4 - said;
    return words < said / 4 + 1 + more ? EHABI_BAD : EHABI_OK;
}

static unsigned take(struct run *run)
{
    if (run->at == run->end) {
        run->bad = true;
        return 0;
    }
    return byte_of(run->word, run->at++);
}

static void move(struct run *run, int64_t bytes)
{
    int64_t sp = run->sp + bytes;

    run->bad |= sp < -(1 << 30) || sp > 1 << 30;
    run->sp = run->bad ? 0 : (int32_t)sp;
}

/* A bit for each register from r0 on; the lowest lies lowest. */
static void pop(struct run *run, unsigned registers)
{
    int32_t sp = run->sp;

    for (unsigned i = 0; i < ARM_REGISTERS; i++) {
        if (!(registers >> i & 1))
            continue;
        run->frame->at[i] = run->sp;
        run->frame->saved |= (uint16_t)(1u << i);
        move(run, 4);
    }
    if (registers >> ARM_SP & 1)
        run->sp = sp; /* its place is known, nothing else can be popped */
}

static void set_sp(struct run *run, unsigned from)
{
    run->bad |= from == ARM_SP || from == ARM_PC ||
                (run->frame->saved >> from & 1) ||
                (run->frame->saved && from != run->frame->base);
    run->frame->base = (uint8_t)from;
    run->sp = 0;
}

static void add_large(struct run *run)
{
    uint32_t value = 0;
    unsigned shift = 0;
    unsigned byte;

    do {
        byte = take(run);
        run->bad |= shift > 21; /* 2 GiB of stack */
        if (!run->bad)
            value |= (uint32_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) && !run->bad);
    move(run, 0x204 + 4 * (int64_t)value);
}

/* Floating-point and other registers, which nobody here needs, in number and size. */
static void skip(struct run *run, unsigned count, unsigned bytes, unsigned more)
{
    move(run, (int64_t)count * bytes + more);
}

/* 1011....: pops of some kinds. */
static bool take_pop(struct run *run, unsigned op)
{
    unsigned mask;

    if (op >= 0xb8) { /* d8.., as FSTMX saves them: with a word more */
        skip(run, (op & 7) + 1, 8, 4);
        return true;
    }
    switch (op) {
    case 0xb0: /* finish */
        run->at = run->end;
        return true;
    case 0xb1:
        mask = take(run);
        pop(run, mask);
        return mask != 0 && mask < 0x10;
    case 0xb2:
        add_large(run);
        return true;
    case 0xb3:
        skip(run, (take(run) & 15) + 1, 8, 4);
        return true;
    case 0xb4: /* a return address's authentication code */
        skip(run, 1, 4, 0);
        return true;
    case 0xb5: /* ... is of the sp here */
        return true;
    default:
        return false;
    }
}

/* 11......: registers of coprocessors. */
static bool take_coprocessor(struct run *run, unsigned op)
{
    unsigned mask;

    if (op >= 0xd8)
        return false;
    if (op >= 0xd0) /* d8.., as VPUSH saves them */
        skip(run, (op & 7) + 1, 8, 0);
    else if (op == 0xc8 || op == 0xc9) /* d16.., d0.. */
        skip(run, (take(run) & 15) + 1, 8, 0);
    else if (op < 0xc6) /* wR10.. */
        skip(run, (op & 7) + 1, 8, 0);
    else if (op == 0xc6)
        skip(run, (take(run) & 15) + 1, 8, 0);
    else if (op == 0xc7) {
        mask = take(run);
        skip(run, arm_count(mask), 4, 0);
        return mask != 0 && mask < 0x10;
    } else {
        return false;
    }
    return true;
}

static enum ehabi_result take_one(struct run *run)
{
    unsigned op = take(run);
    unsigned mask;

    if (op < 0x40) {
        move(run, 4 * (int64_t)op + 4);
    } else if (op < 0x80) {
        move(run, -4 * (int64_t)(op & 0x3f) - 4);
    } else if (op < 0x90) {
        mask = (op & 15) << 8 | take(run);
        if (mask == 0 && !run->bad)
            return EHABI_CANTUNWIND_HERE; /* "refuse to unwind" */
        pop(run, mask << 4);
    } else if (op < 0xa0) {
        set_sp(run, op & 15);
    } else if (op < 0xb0) {
        pop(run, ((2u << (op & 7)) - 1) << 4 | (op & 8 ? 1u << ARM_LR : 0));
    } else if (op < 0xc0 ? !take_pop(run, op) : !take_coprocessor(run, op)) {
        return EHABI_BAD;
    }
    return run->bad ? EHABI_BAD : EHABI_OK;
}

/* Places are from the base now: from the CFA they shall be. */
static void finish(const struct run *run)
{
    struct arm_frame *frame = run->frame;

    frame->cfa = run->sp;
    if (frame->saved >> ARM_PC & 1) {
        frame->at[ARM_LR] = frame->at[ARM_PC];
        frame->saved |= 1u << ARM_LR;
        frame->saved &= (uint16_t)~(1u << ARM_PC);
    }
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        frame->at[i] = frame->saved >> i & 1 ? frame->at[i] - frame->cfa : 0;
}

enum ehabi_result sigprof__ehabi_run(const uint32_t *word, unsigned first,
                                     unsigned bytes, struct arm_frame *frame)
{
    struct run run = {frame, word, first, first + bytes, 0, false};
    enum ehabi_result result = EHABI_OK;

    frame->base = ARM_SP;
    frame->saved = 0;
    frame->cfa = 0;
    while (run.at < run.end && result == EHABI_OK) {
        result = frame->saved >> ARM_SP & 1 && byte_of(word, run.at) != 0xb0
                     ? EHABI_BAD
                     : take_one(&run);
    }
    if (result == EHABI_OK)
        finish(&run);
    return result;
}
