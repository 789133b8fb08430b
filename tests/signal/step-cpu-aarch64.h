/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls, returns and branches of aarch64; contract: step-cpu.h. */
#ifndef STEP_CPU_AARCH64_H
#define STEP_CPU_AARCH64_H

#define STEP_TRAP 0xd4200000u /* brk #0 */
typedef uint32_t step_trap_word;

static inline uint32_t step_word(uintptr_t pc)
{
    return *(const uint32_t *)pc;
}

static inline unsigned step_bytes(uintptr_t pc)
{
    (void)pc;
    return 4;
}

static inline bool step_calls(uintptr_t pc)
{
    uint32_t word = step_word(pc);

    return (word & 0xfc000000) == 0x94000000 ||
           (word & 0xfefff000) == 0xd63f0000;
}

static inline bool step_is_return(uintptr_t pc)
{
    return (step_word(pc) & 0xfffff000) == 0xd65f0000;
}

static inline bool step_is_system_call(uintptr_t pc)
{
    return step_word(pc) == 0xd4000001;
}

/* signed field of that many bits at low, in words */
static inline intptr_t step_field(uint32_t word, unsigned low, unsigned bits)
{
    int32_t value = (int32_t)(word << (32 - low - bits)) >> (32 - bits);

    return (intptr_t)value * 4;
}

/* A load that a store has to follow without a stop between? */
static inline bool step_is_exclusive(uintptr_t pc)
{
    return (step_word(pc) & 0x3fc00000) == 0x08400000;
}

static inline bool step_ends_exclusive(uintptr_t pc)
{
    return (step_word(pc) & 0x3fc00000) == 0x08000000;
}

/* Where a branch at pc may go beside the next instruction; 0: it is none.
 * *always: it goes nowhere else. */
static inline uintptr_t step_branch(uintptr_t pc, const void *ucontext,
                                    bool *always)
{
    uint32_t word = step_word(pc);

    *always = false;
    if ((word & 0xff000010) == 0x54000000 || (word & 0x7e000000) == 0x34000000)
        return pc + (uintptr_t)step_field(word, 5, 19);
    if ((word & 0x7e000000) == 0x36000000)
        return pc + (uintptr_t)step_field(word, 5, 14);
    *always = true;
    if ((word & 0x7c000000) == 0x14000000)
        return pc + (uintptr_t)step_field(word, 0, 26);
    if ((word & 0xfe000000) == 0xd6000000)
        return arch_return_address(regs_get(ucontext, word >> 5 & 31));
    return 0;
}

static inline unsigned step_system_call(const void *ucontext)
{
    return (unsigned)regs_get(ucontext, 8);
}

#define STEP_ROOT                                                              \
    ".cfi_undefined x30\n"                                                     \
    "stp x29, x30, [sp, #-16]!\n"                                              \
    ".cfi_def_cfa_offset 16\n"                                                 \
    "brk #0\n"                                                                 \
    "blr x0\n"                                                                 \
    "ldp x29, x30, [sp], #16\n"                                                \
    "ret\n"
#define STEP_HANDLE(function)                                                  \
    "bl " function "\n"                                                        \
    "mov x8, #139\n"                                                           \
    "svc #0\n"
#define step_break() __asm__ volatile("brk #0" ::: "memory")

#endif
