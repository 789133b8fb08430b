/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of 32-bit arm: what its tables and its code say of them. Both readers are
 * pure: they touch nothing but what they are handed, on any machine. Signal-safe.
 */
#ifndef SIGPROF_UNWIND_ARM_FRAME_H
#define SIGPROF_UNWIND_ARM_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* A call of the compiler's library is none of a handler's. */
static inline unsigned arm_count(unsigned bits)
{
    unsigned count = 0;

    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

enum { ARM_SP = 13, ARM_LR = 14, ARM_PC = 15, ARM_REGISTERS = 16 };

/* Where a frame's caller has its registers. The CFA is the caller's sp, but where
 * that is saved itself. */
struct arm_frame {
    int32_t cfa;      /* minus what register base holds */
    uint16_t saved;   /* a bit for each register that is saved at CFA + at */
    uint8_t base;
    int32_t at[ARM_REGISTERS]; /* ARM_LR: the return address, which is in the
                                  link register if that has no bit */
};

/* ---- Tables: the exception handling ABI (EHABI), ehabi.c ---------------- */

#define EHABI_CANTUNWIND 1u
#define EHABI_CODE_MAX 1028 /* bytes of instructions that an entry can have */

enum ehabi_result {
    EHABI_OK,
    EHABI_CANTUNWIND_HERE, /* an exception ends here; linkers say so of all code
                              that has no entry of its own */
    EHABI_BAD              /* no rule: spare instructions, or junk */
};

/* An address that a word of the tables at place is relative to: 31 bits, signed. */
static inline uint32_t ehabi_prel31(uint32_t place, uint32_t word)
{
    return place + ((word & 0x7fffffff) | (word << 1 & 0x80000000));
}

/*
 * The instructions of an entry: its words, as many as there are, from the second of
 * .ARM.exidx's row, if that holds them, or from .ARM.extab. *first: the first byte of
 * them, *bytes: how many; in an entry byte number n is bits 31-24, 23-16, … of word
 * n / 4. EHABI_BAD: a personality routine that nobody knows, or too few words.
 */
enum ehabi_result sigprof__ehabi_find(const uint32_t *word, unsigned words,
                                      unsigned *first, unsigned *bytes);

/* Runs these instructions. */
enum ehabi_result sigprof__ehabi_run(const uint32_t *word, unsigned first,
                                     unsigned bytes, struct arm_frame *frame);

/* ---- Code, arm-code.c --------------------------------------------------- */

#define ARM_CODE_BYTES 4 /* of an instruction; Thumb's have 2 or 4 */

enum arm_flow {
    ARM_GOES_ON,
    ARM_JUMPS,    /* to target, always */
    ARM_BRANCHES, /* there or on */
    ARM_TABLE,    /* to 2 * the number in a table at target, bytes wide: span */
    ARM_RETURNS,  /* frame is complete */
    ARM_LEAVES,   /* the same, if it ends with a call of another function */
    ARM_ENDS,     /* never comes back: the thread's end */
    ARM_FAILS     /* it makes no sense, or nobody can tell */
};

/* What a register holds, on the way that code takes from where it was begun. */
enum arm_holds {
    ARM_OWN,     /* what it held there */
    ARM_LOST,    /* something else */
    ARM_FROM_SP, /* sp as it was there, plus value */
    ARM_FROM,    /* itself as it was there, plus value */
    ARM_CONSTANT,
    ARM_LOADED /* what lies at value from what base held there */
};

struct arm_code {
    uint32_t pc;
    uint32_t target;
    uint8_t span;
    bool thumb;
    bool linked;  /* the link register may have held the return address */
    uint8_t it;   /* Thumb: instructions still under a condition */
    uint8_t base; /* sp is what that register held, plus sp */
    int32_t sp;
    uint16_t put; /* registers whose own value was saved, at put_at from sp; sp too,
                     where another register has it */
    uint8_t holds[ARM_REGISTERS];
    int32_t value[ARM_REGISTERS];
    int32_t put_at[ARM_REGISTERS];
};

/* At pc; linked: the link register may hold the return address. */
void sigprof__arm_code_begin(struct arm_code *code, uint32_t pc, bool thumb,
                             bool linked);

/* Takes the instruction at code->pc, whose bytes (and the two behind a short one)
 * are given, and moves code->pc behind it. */
enum arm_flow sigprof__arm_code_take(struct arm_code *code,
                                     const uint8_t bytes[ARM_CODE_BYTES]);

/* After ARM_RETURNS or ARM_LEAVES: the frame of where it was begun. false: the
 * return address is nowhere. */
bool sigprof__arm_code_frame(const struct arm_code *code,
                             struct arm_frame *frame);

/* Begun where a function makes its frame, and taken to some place behind that: the
 * frame there. false: the return address has not been saved. */
bool sigprof__arm_code_made(const struct arm_code *code,
                            struct arm_frame *frame);

/* Has what was taken so far saved all registers in their order, sp among them? libgcc's
 * functions that throw do, and then unwind in these: they return to whom those say. */
bool sigprof__arm_code_saves_all(const struct arm_code *code);

/* What an instruction may be for, whoever comes upon it from behind. */
enum arm_sign {
    ARM_SIGN_NONE,
    ARM_SIGN_BEGINS,    /* it saves the link register first */
    ARM_SIGN_ARGUMENTS, /* it puts arguments on the stack, in front of that */
    ARM_SIGN_RETURNS
};
enum arm_sign sigprof__arm_code_sign(const uint8_t bytes[ARM_CODE_BYTES],
                                     bool thumb);

#endif
