/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sparcv9; SPARC Compliance Definition 2.4, and the V9 manual for encodings. arch.h
 * says what each means. A function that calls others begins with a save, which gives
 * it a window of registers: its caller's sp is its fp (%i6), its return address is in
 * %i7, and where its window goes, if others need the registers, is at its sp. Both
 * pointers are 2047 less than the address (REGS_BIAS of the register cell). A
 * leaf has its caller's window, and its return address in %o7.
 */
#ifndef SIGPROF_ARCH_H
#define SIGPROF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_WORD 8
#define ARCH_LINK 1
#define ARCH_RA_TOP 0
#define ARCH_CFA_SP 0
#define ARCH_WINDOWS
#define ARCH_WINDOW_FIRST 16 /* DWARF's number of %l0 */
#define ARCH_WINDOW_LAST 31  /* ... of %i7 */
#define ARCH_WINDOW_FP 112   /* where %i6 is in a window, */
#define ARCH_WINDOW_PC 120   /* ... and %i7 */
#define ARCH_BACKCHAIN 1
#define ARCH_CHAIN_IS_ABI
#define ARCH_RECORD_FP ARCH_WINDOW_FP
#define ARCH_RECORD_PC ARCH_WINDOW_PC
#define ARCH_RECORD_END 0
#define ARCH_RECORD_IS_LOW 0
#define ARCH_STACK_ALIGN 16
#define ARCH_RED_ZONE 0
#define ARCH_CALL_BYTES 8 /* the call and what is done in its delay */

/* Windows in registers, but for the one in use, to their places on the stack. */
static inline void arch_flush_windows(void)
{
    __asm__ volatile("flushw" ::: "memory");
}

/* A call leaves its own address; behind it is what is done in its delay. */
static inline uintptr_t arch_return_address(uintptr_t word)
{
    return word ? word + 8 : 0;
}

static inline uint32_t arch_word(const uint8_t *code)
{
    return (uint32_t)code[0] << 24 | (uint32_t)code[1] << 16 |
           (uint32_t)code[2] << 8 | (uint32_t)code[3];
}

/* jmpl to a register and 8 or another small number, which leaves its own address in
 * register number link. */
static inline bool arch_is_jump(uint32_t word, unsigned link)
{
    return (word & 0xc1f80000) == 0x81c00000 && (word >> 25 & 31) == link;
}

static inline bool arch_follows_call(const uint8_t code[ARCH_CALL_BYTES])
{
    uint32_t word = arch_word(code);

    return word >> 30 == 1 || arch_is_jump(word, 15);
}

/* On conditions of integers or floating point, with prediction or without, or on a
 * register. */
static inline bool arch_is_branch(uint32_t word)
{
    unsigned kind = word >> 22 & 7;

    return word >> 30 == 0 && kind != 0 && kind != 4 && kind != 7;
}

/* Of such: is what is in its delay done only if it goes elsewhere; or, if it always
 * does, never? */
static inline bool arch_annuls(uint32_t word)
{
    return word >> 29 & 1;
}

/* return: a restore, of which the delay is in the caller's window. */
static inline bool arch_is_return(uint32_t word)
{
    return (word & 0xc1f80000) == 0x81c80000;
}

static inline bool arch_is_restore(uint32_t word)
{
    return (word & 0xc1f80000) == 0x81e80000;
}

static inline bool arch_is_retl(uint32_t word)
{
    return (word & 0xfffff000) == 0x81c3e000; /* jmpl %o7 + n */
}

/* Is a function, or its window, over by it? */
static inline bool arch_ends(uint32_t word)
{
    return arch_is_return(word) || arch_is_restore(word) ||
           arch_is_retl(word) ||
           (word & 0xfffff000) == 0x81c7e000; /* ret: jmpl %i7 + n */
}

/* Does arithmetic, a load or a store have to do with a local or an in? No leaf's has:
 * they are another function's. */
static inline bool arch_uses_window(uint32_t word)
{
    unsigned kind = word >> 19 & 63;
    bool to = word >> 25 & 16;
    bool from = word >> 14 & 16;
    bool other = !(word >> 13 & 1) && (word & 16);

    if (word >> 30 == 0)
        return (word >> 22 & 7) == 4 && to; /* sethi */
    if (word >> 30 == 2 && kind == 0x38)
        return from;
    if (word >> 30 == 2)
        return kind < 0x28 && (to || from || other);
    return word >> 30 == 3 && (from || other || (to && kind < 0x20));
}

/* What an instruction tells of the window that the code around it is in. */
enum arch_window {
    ARCH_WINDOW_SILENT,  /* nothing: the next one is asked */
    ARCH_WINDOW_SAVE,    /* before it, it is the caller's */
    ARCH_WINDOW_OWN,     /* ret, restore, return, and whatever uses it: before it, it
                          * is the function's */
    ARCH_WINDOW_LEAF,    /* retl: it is the caller's */
    ARCH_WINDOW_CALL,    /* which of the two is said by what is done in its delay */
    ARCH_WINDOW_BRANCH,  /* goes on elsewhere */
    ARCH_WINDOW_FORK,    /* ... or behind its delay */
    ARCH_WINDOW_UNKNOWN  /* goes on nobody knows where */
};

static inline enum arch_window arch_window_told(uint32_t word)
{
    if (word >> 30 == 1 || arch_is_jump(word, 15))
        return ARCH_WINDOW_CALL;
    if ((word & 0xc1f80000) == 0x81e00000)
        return ARCH_WINDOW_SAVE;
    if (arch_ends(word))
        return arch_is_retl(word) ? ARCH_WINDOW_LEAF : ARCH_WINDOW_OWN;
    if (word >> 22 == 0 || (arch_is_jump(word, 0) && !arch_uses_window(word)))
        return ARCH_WINDOW_UNKNOWN; /* illtrap; jmpl */
    if (!arch_is_branch(word))
        return arch_uses_window(word) ? ARCH_WINDOW_OWN : ARCH_WINDOW_SILENT;
    if ((word & 0xdfc00000) == 0x10800000 || (word & 0xdfc00000) == 0x10400000)
        return ARCH_WINDOW_BRANCH; /* ba, with prediction or without */
    return ARCH_WINDOW_FORK;
}

/* Does a stub of the PLT end so? By a jump to a register's address, or by ba,a. */
static inline bool arch_ends_stub(uint32_t word)
{
    enum arch_window told = arch_window_told(word);

    return told == ARCH_WINDOW_UNKNOWN ||
           (told == ARCH_WINDOW_BRANCH && arch_annuls(word));
}

/* Where a branch at pc leads. */
static inline uintptr_t arch_branch_target(uint32_t word, uintptr_t pc)
{
    unsigned kind = word >> 22 & 7;
    unsigned bits = kind == 3 ? 16 : kind & 1 ? 19 : 22;
    uint32_t distance;

    if (kind == 3) /* in two parts */
        word = (word >> 6 & 0xc000) | (word & 0x3fff);
    distance = word << (32 - bits);

    return pc + (uintptr_t)((intptr_t)(int32_t)distance >> (32 - bits)) * 4;
}

/* mov to %o7, of what a leaf has kept it in while it calls: the register; 0: it is
 * another instruction. */
static inline unsigned arch_puts_link_back(uint32_t word)
{
    return (word & 0xffffffe0) == 0x9e100000 ? word & 31 : 0;
}

/* What an add or sub of a constant to sp adds; 0: it is none. */
static inline int arch_sp_change(uint32_t word)
{
    int constant = (int32_t)(word << 19) >> 19;

    if ((word & 0xffffe000) == 0x9c03a000)
        return constant;
    return (word & 0xffffe000) == 0x9c23a000 ? -constant : 0;
}

#endif
