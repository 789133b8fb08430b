/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls, returns and branches of 32-bit arm, ARM and Thumb code; contract:
 * step-cpu.h. Which of them code is, its address does not say: that is noted at each
 * stop, and targets have bit 0 set for Thumb. Conditions are evaluated, so that there
 * is one next instruction. */
#ifndef STEP_CPU_ARM_H
#define STEP_CPU_ARM_H

#define STEP_TRAP_OF_TARGET
#define STEP_RT_SIGRETURN 173
typedef uint32_t step_trap_word;

#define STEP_VECTORS 0xffff0000u /* the kernel's own code, which has no traps */

/* The latest two stops, with bit 0 for Thumb; and did the instruction at the latest go
 * elsewhere? step-break.c has them. */
extern uintptr_t step_stop[2];
extern bool step_went;

/* Where registers say that the program is, as a target. */
static inline uintptr_t step_resumed(const void *ucontext)
{
    return regs_pc(ucontext) |
           ((regs_get(ucontext, REGS_STATUS) & REGS_STATUS_THUMB) != 0);
}

static inline void step_note(uintptr_t pc, const void *ucontext)
{
    step_stop[1] = step_stop[0];
    step_stop[0] = pc | (step_resumed(ucontext) & 1);
}

static inline bool step_is_thumb(uintptr_t pc)
{
    if ((step_stop[1] & ~(uintptr_t)1) == pc)
        return step_stop[1] & 1;
    return step_stop[0] & 1;
}

static inline uint32_t step_half(uintptr_t pc)
{
    return *(const uint16_t *)pc;
}

/* A Thumb instruction of two bytes has 0 for its lower half. */
static inline uint32_t step_word(uintptr_t pc)
{
    uint32_t half = step_half(pc);

    if (!step_is_thumb(pc))
        return *(const uint32_t *)pc;
    return half << 16 | (half >= 0xe800 ? step_half(pc + 2) : 0);
}

static inline unsigned step_bytes(uintptr_t pc)
{
    return step_is_thumb(pc) && step_half(pc) < 0xe800 ? 2 : 4;
}

static inline bool step_calls(uintptr_t pc)
{
    uint32_t word = step_word(pc);

    if (!step_went)
        return false;
    if (step_is_thumb(pc))
        return (word & 0xff87ffff) == 0x47800000 ||
               (word & 0xf800c000) == 0xf000c000;
    return word >> 25 == 0x7d || (word & 0x0f000000) == 0x0b000000 ||
           (word & 0x0ffffff0) == 0x012fff30;
}

static inline bool step_is_return(uintptr_t pc)
{
    uint32_t word = step_word(pc);

    if (step_is_thumb(pc))
        return word == 0x47700000 || (word & 0xff000000) == 0xbd000000 ||
               (word & 0xffff8000) == 0xe8bd8000 ||
               (word & 0xfffff000) == 0xf85df000;
    return (word & 0x0fffffff) == 0x012fff1e ||
           (word & 0x0fff8000) == 0x08bd8000 ||
           (word & 0x0ffff000) == 0x049df000 ||
           (word & 0x0fffffff) == 0x01a0f00e;
}

static inline bool step_is_system_call(uintptr_t pc)
{
    uint32_t word = step_word(pc);

    return step_is_thumb(pc) ? word >> 24 == 0xdf
                             : (word & 0x0f000000) == 0x0f000000;
}

/* Loads and stores that belong together; of bytes, halves and pairs, too. */
static inline bool step_is_exclusive(uintptr_t pc)
{
    uint32_t word = step_word(pc);

    if (step_is_thumb(pc))
        return (word & 0xfff00f00) == 0xe8500f00 ||
               ((word & 0xfff000c0) == 0xe8d00040 && (word & 0x30) != 0x20);
    return (word & 0x0f900ff0) == 0x01900f90;
}

static inline bool step_ends_exclusive(uintptr_t pc)
{
    uint32_t word = step_word(pc);

    if (step_is_thumb(pc))
        return (word & 0xfff00000) == 0xe8400000 ||
               ((word & 0xfff000c0) == 0xe8c00040 && (word & 0x30) != 0x20);
    return (word & 0x0f900ff0) == 0x01800f90;
}

static inline bool step_holds(uint32_t status, unsigned condition)
{
    bool n = status >> 31 & 1, z = status >> 30 & 1;
    bool c = status >> 29 & 1, v = status >> 28 & 1;
    const bool truth[8] = {z, c, n, v, c && !z, n == v, !z && n == v, true};

    return truth[condition >> 1] != ((condition & 1) && condition < 14);
}

static inline uint32_t step_value(const void *ucontext, uintptr_t pc,
                                  unsigned reg)
{
    if (reg == 15)
        return (uint32_t)pc + (step_is_thumb(pc) ? 4 : 8);
    return (uint32_t)regs_get(ucontext, reg);
}

static inline uint32_t step_shifted(const void *ucontext, uintptr_t pc,
                                    uint32_t word)
{
    uint32_t value = step_value(ucontext, pc, word & 15);
    unsigned by = word >> 7 & 31;

    switch (word >> 5 & 3) {
    case 0:
        return value << by;
    case 1:
        return by ? value >> by : 0;
    case 2:
        return (uint32_t)((int32_t)value >> (by ? by : 31));
    default:
        return by ? value >> by | value << (32 - by) : value;
    }
}

static inline uint32_t step_load(uint32_t address)
{
    return *(const uint32_t *)(uintptr_t)address;
}

static inline int32_t step_signed(uint32_t value, unsigned bits)
{
    return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

/* The last of a list of loaded registers is pc. */
static inline uint32_t step_load_list(uint32_t base, uint32_t list, bool up,
                                      bool before)
{
    uint32_t bytes = 4 * (uint32_t)__builtin_popcount(list & 0xffff);

    if (up)
        return step_load(base + bytes - (before ? 0 : 4));
    return step_load(base - (before ? 4 : 0));
}

/* Thumb: where the instruction goes, with bit 0; 0: on. */
static inline uint32_t step_thumb_target(uint32_t pc, uint32_t word,
                                         const void *ucontext)
{
    uint32_t half = word >> 16;
    uint32_t here = pc + 4;
    uint32_t sign = word >> 26 & 1;
    unsigned rn = half & 15;
    uint32_t low = word & 0x7ff, i1, i2;

    if ((half & 0xff00) == 0x4700 || (half & 0xff87) == 0x4687) {
        uint32_t target = step_value(ucontext, pc, half >> 3 & 15);

        return (half & 0xff00) == 0x4700 ? target : target | 1;
    }
    if ((half & 0xff87) == 0x4487)
        return (here + step_value(ucontext, pc, half >> 3 & 15)) | 1;
    if ((half & 0xff00) == 0xbd00)
        return step_load((uint32_t)regs_get(ucontext, REGS_SP) +
                         4 * (uint32_t)__builtin_popcount(half & 0xff));
    if ((half & 0xf500) == 0xb100) {
        bool zero = regs_get(ucontext, half & 7) == 0;
        uint32_t distance = (half >> 3 & 31) << 1 | (half >> 9 & 1) << 6;

        return zero != (half >> 11 & 1) ? (here + distance) | 1 : 0;
    }
    if ((half & 0xf000) == 0xd000 && (half & 0xe00) != 0xe00)
        return step_holds((uint32_t)regs_get(ucontext, REGS_STATUS), half >> 8 & 15)
                   ? (here + 2 * (uint32_t)step_signed(half & 0xff, 8)) | 1
                   : 0;
    if ((half & 0xf800) == 0xe000)
        return (here + 2 * (uint32_t)step_signed(half & 0x7ff, 11)) | 1;
    if (half < 0xe800)
        return 0;
    if ((word & 0xf8008000) == 0xf0008000) {
        i1 = (word >> 13 & 1) ^ sign ^ 1;
        i2 = (word >> 11 & 1) ^ sign ^ 1;
        if (word & 0x5000) {
            uint32_t distance =
                2 * (uint32_t)step_signed(sign << 23 | i1 << 22 | i2 << 21 |
                                              (half & 0x3ff) << 11 | low,
                                          24);

            if ((word & 0xd000) == 0xc000) /* to ARM code */
                return (here & ~3u) + distance;
            return (here + distance) | 1;
        }
        if ((half & 0x380) == 0x380 ||
            !step_holds((uint32_t)regs_get(ucontext, REGS_STATUS), half >> 6 & 15))
            return 0;
        return (here + 2 * (uint32_t)step_signed(
                               sign << 19 | (word >> 11 & 1) << 18 |
                                   (word >> 13 & 1) << 17 |
                                   (half & 0x3f) << 11 | low,
                               20)) |
               1;
    }
    if ((word & 0xfe508000) == 0xe8108000)
        return step_load_list(step_value(ucontext, pc, rn), word,
                              half >> 7 & 1, half >> 8 & 1);
    if ((word & 0xfff0ffe0) == 0xe8d0f000) {
        uint32_t table = step_value(ucontext, pc, rn);
        uint32_t index = step_value(ucontext, pc, word & 15);

        return (here + 2 * (word & 0x10 ? step_half(table + 2 * index)
                                        : *(const uint8_t *)(uintptr_t)(
                                              table + index))) |
               1;
    }
    if ((word & 0xff70f000) != 0xf850f000)
        return 0;
    if (rn == 15)
        return step_load((here & ~3u) + (half & 0x80 ? word & 0xfff
                                                     : 0 - (word & 0xfff)));
    if (half & 0x80)
        return step_load(step_value(ucontext, pc, rn) + (word & 0xfff));
    if (!(word & 0x800))
        return step_load(step_value(ucontext, pc, rn) +
                         (step_value(ucontext, pc, word & 15)
                          << (word >> 4 & 3)));
    if (!(word & 0x400))
        return step_load(step_value(ucontext, pc, rn));
    return step_load(step_value(ucontext, pc, rn) +
                     (word & 0x200 ? word & 0xff : 0 - (word & 0xff)));
}

/* ARM: the same, for an instruction whose condition holds. */
static inline uint32_t step_arm_target(uint32_t pc, uint32_t word,
                                       const void *ucontext)
{
    uint32_t base = step_value(ucontext, pc, word >> 16 & 15);
    uint32_t by;

    if ((word & 0x0e000000) == 0x0a000000) {
        uint32_t target = pc + 8 + 4 * (uint32_t)step_signed(word & 0xffffff, 24);

        return word >> 28 == 15 ? (target + (word >> 23 & 2)) | 1 : target;
    }
    if (word >> 28 == 15)
        return 0;
    if ((word & 0x0fffffd0) == 0x012fff10)
        return step_value(ucontext, pc, word & 15);
    if ((word & 0x0e108000) == 0x08108000)
        return step_load_list(base, word, word >> 23 & 1, word >> 24 & 1);
    if ((word & 0x0c10f000) == 0x0410f000 &&
        (word & 0x02000010) != 0x02000010) {
        by = word & 0x02000000 ? step_shifted(ucontext, pc, word) : word & 0xfff;
        if (!(word >> 24 & 1))
            by = 0;
        return step_load(word >> 23 & 1 ? base + by : base - by);
    }
    if ((word & 0x0c00f000) != 0x0000f000 || (word & 0x01900000) == 0x01100000 ||
        (word & 0x02000090) == 0x90)
        return 0;
    by = word & 0xff;
    if (!(word & 0x02000000))
        by = step_shifted(ucontext, pc, word);
    else if (word >> 8 & 15)
        by = by >> (word >> 7 & 30) | by << (32 - (word >> 7 & 30));
    switch (word >> 21 & 15) {
    case 2:
        return base - by;
    case 4:
        return base + by;
    case 13:
        return by;
    default:
        abort(); /* no compiler makes it */
    }
}

/* Where the instruction at pc goes, with bit 0 for Thumb. */
static inline uintptr_t step_next(uintptr_t pc, const void *ucontext)
{
    uint32_t word = step_word(pc);
    uint32_t status = (uint32_t)regs_get(ucontext, REGS_STATUS);
    bool thumb = step_is_thumb(pc);
    uint32_t it = (status >> 25 & 3) | (status >> 8 & 0xfc);
    uint32_t target = 0;

    if (thumb ? (it & 15) == 0 || step_holds(status, it >> 4)
              : word >> 28 == 15 || step_holds(status, word >> 28))
        target = thumb ? step_thumb_target((uint32_t)pc, word, ucontext)
                       : step_arm_target((uint32_t)pc, word, ucontext);
    step_went = target != 0 && target < STEP_VECTORS;
    if (target >= STEP_VECTORS)
        target = (uint32_t)regs_get(ucontext, REGS_LINK);
    return target ? target : (pc + step_bytes(pc)) | thumb;
}

/* Where a branch may go, for a place that the program is not at yet. */
static inline uintptr_t step_branch(uintptr_t pc, const void *ucontext,
                                    bool *always)
{
    uint32_t word = step_word(pc);
    uint32_t half = word >> 16;
    bool thumb = step_is_thumb(pc);

    (void)ucontext;
    *always = false;
    if (thumb && (half & 0xf500) == 0xb100)
        return (pc + 4 + ((half >> 3 & 31) << 1 | (half >> 9 & 1) << 6)) | 1;
    if (thumb && (half & 0xf000) == 0xd000)
        return (pc + 4 + 2 * (uintptr_t)step_signed(half & 0xff, 8)) | 1;
    if (thumb && (word & 0xf800d000) == 0xf0008000)
        return (pc + 4 +
                2 * (uintptr_t)step_signed((word >> 26 & 1) << 19 |
                                               (word >> 11 & 1) << 18 |
                                               (word >> 13 & 1) << 17 |
                                               (half & 0x3f) << 11 |
                                               (word & 0x7ff),
                                           20)) |
               1;
    if (!thumb && (word & 0x0f000000) == 0x0a000000)
        return pc + 8 + 4 * (uintptr_t)step_signed(word & 0xffffff, 24);
    return 0;
}

static inline unsigned step_system_call(const void *ucontext)
{
    return (unsigned)regs_get(ucontext, 7);
}

/* bkpt, which no condition keeps from trapping */
static inline step_trap_word step_trap(uintptr_t target, step_trap_word was)
{
    return target & 1 ? (was & 0xffff0000u) | 0xbe00u : 0xe1200070u;
}

/* A thread's first function: it does not return. How it does is in data, where no
 * unwinder looks. */
#define STEP_ROOT                                                              \
    ".arm\n"                                                                   \
    ".fnstart\n"                                                               \
    ".cantunwind\n"                                                            \
    "ldr r3, 3f\n"                                                             \
    "2: add r3, pc\n"                                                          \
    "mov r2, sp\n"                                                             \
    "stmia r3, {r2, r4-r11, lr}\n"                                             \
    "mov lr, #0\n"                                                             \
    "mov r11, #0\n"                                                            \
    "mov r7, #0\n"                                                             \
    "bkpt #0\n"                                                                \
    "blx r0\n"                                                                 \
    "cmp sp, #0\n"                                                             \
    "bne 1f\n"                                                                 \
    "mov r7, #1\n"                                                             \
    "svc #0\n"                                                                 \
    "1: ldr r3, 4f\n"                                                          \
    "5: add r3, pc\n"                                                          \
    "ldr sp, [r3]\n"                                                           \
    "ldm r3, {r2, r4-r11, pc}\n"                                               \
    ".align 2\n"                                                               \
    "3: .word step_kept - (2b + 8)\n"                                          \
    "4: .word step_kept - (5b + 8)\n"                                          \
    ".fnend\n"                                                                 \
    ".local step_kept\n"                                                       \
    ".comm step_kept, 40, 4\n"
#define STEP_HANDLE(function)                                                  \
    ".arm\n"                                                                   \
    "bl " function "\n"                                                        \
    "mov r7, #173\n"                                                           \
    "svc #0\n"
#define step_break() __asm__ volatile("bkpt #0" ::: "memory")

#endif
