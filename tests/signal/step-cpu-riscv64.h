/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls, returns and branches of riscv64 with compressed instructions (RV64GC);
 * contract: step-cpu.h. */
#ifndef STEP_CPU_RISCV64_H
#define STEP_CPU_RISCV64_H

#define STEP_TRAP 0x9002u /* c.ebreak */
typedef uint16_t step_trap_word;

static inline uint32_t step_half(uintptr_t pc)
{
    return *(const uint16_t *)pc;
}

static inline unsigned step_bytes(uintptr_t pc)
{
    return (step_half(pc) & 3) == 3 ? 4 : 2;
}

/* A compressed instruction has 0 for its upper half. */
static inline uint32_t step_word(uintptr_t pc)
{
    uint32_t low = step_half(pc);

    return (low & 3) == 3 ? low | step_half(pc + 2) << 16 : low;
}

/* Register that jalr, c.jr or c.jalr jumps to; 0: it is none of them. */
static inline unsigned step_jump_register(uint32_t word)
{
    if ((word & 0x707f) == 0x67)
        return word >> 15 & 31;
    return (word & 0xe07f) == 0x8002 ? word >> 7 & 31 : 0;
}

static inline bool step_calls(uintptr_t pc)
{
    uint32_t word = step_word(pc);

    return (word & 0xfff) == 0x0ef || (word & 0x7fff) == 0x0e7 ||
           ((word & 0xf07f) == 0x9002 && (word & 0xf80));
}

static inline bool step_is_return(uintptr_t pc)
{
    uint32_t word = step_word(pc);

    return word == 0x8082 || word == 0x00008067;
}

static inline bool step_is_system_call(uintptr_t pc)
{
    return step_word(pc) == 0x73;
}

/* A load that a store has to follow without a stop between? */
static inline bool step_is_exclusive(uintptr_t pc)
{
    return (step_word(pc) & 0xf800007f) == 0x1000002f;
}

static inline bool step_ends_exclusive(uintptr_t pc)
{
    return (step_word(pc) & 0xf800007f) == 0x1800002f;
}

/* bits of word at from, as many as count, moved to bit to of the result */
static inline uint32_t step_bits(uint32_t word, unsigned from, unsigned count,
                                 unsigned to)
{
    return (word >> from & ((1u << count) - 1)) << to;
}

static inline intptr_t step_signed(uint32_t value, unsigned bits)
{
    return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

/* Distances of jal, c.j, branches, c.beqz and c.bnez; the ISA manual, 2.5 and
 * 16.8. */
static inline intptr_t step_distance(uint32_t word)
{
    if ((word & 0x7f) == 0x6f)
        return step_signed(step_bits(word, 31, 1, 20) |
                               step_bits(word, 12, 8, 12) |
                               step_bits(word, 20, 1, 11) |
                               step_bits(word, 21, 10, 1),
                           21);
    if ((word & 0x7f) == 0x63)
        return step_signed(step_bits(word, 31, 1, 12) |
                               step_bits(word, 7, 1, 11) |
                               step_bits(word, 25, 6, 5) |
                               step_bits(word, 8, 4, 1),
                           13);
    if ((word & 0xe003) == 0xa001)
        return step_signed(
            step_bits(word, 12, 1, 11) | step_bits(word, 11, 1, 4) |
                step_bits(word, 9, 2, 8) | step_bits(word, 8, 1, 10) |
                step_bits(word, 7, 1, 6) | step_bits(word, 6, 1, 7) |
                step_bits(word, 3, 3, 1) | step_bits(word, 2, 1, 5),
            12);
    if ((word & 0xc003) == 0xc001)
        return step_signed(step_bits(word, 12, 1, 8) |
                               step_bits(word, 10, 2, 3) |
                               step_bits(word, 5, 2, 6) |
                               step_bits(word, 3, 2, 1) |
                               step_bits(word, 2, 1, 5),
                           9);
    return 0;
}

/* Where a branch at pc may go beside the next instruction; 0: it is none.
 * *always: it goes nowhere else. */
static inline uintptr_t step_branch(uintptr_t pc, const void *ucontext,
                                    bool *always)
{
    uint32_t word = step_word(pc);
    unsigned by = step_jump_register(word);
    intptr_t distance = step_distance(word);
    intptr_t offset = (word & 3) == 3 ? (int32_t)word >> 20 : 0;

    *always = by || (word & 0x7f) == 0x6f || (word & 0xe003) == 0xa001;
    if (by)
        return (regs_get(ucontext, by) + (uintptr_t)offset) & ~(uintptr_t)1;
    return distance ? pc + (uintptr_t)distance : 0;
}

static inline unsigned step_system_call(const void *ucontext)
{
    return (unsigned)regs_get(ucontext, 17);
}

#define STEP_ROOT                                                              \
    ".cfi_undefined ra\n"                                                      \
    "addi sp, sp, -16\n"                                                       \
    ".cfi_def_cfa_offset 16\n"                                                 \
    "sd ra, 8(sp)\n"                                                           \
    "sd s0, 0(sp)\n"                                                           \
    "c.ebreak\n"                                                               \
    "jalr a0\n"                                                                \
    "ld ra, 8(sp)\n"                                                           \
    "ld s0, 0(sp)\n"                                                           \
    "addi sp, sp, 16\n"                                                        \
    "ret\n"
#define STEP_HANDLE(function)                                                  \
    "call " function "\n"                                                      \
    "li a7, 139\n"                                                             \
    "ecall\n"
#define step_break() __asm__ volatile("c.ebreak" ::: "memory")

#endif
