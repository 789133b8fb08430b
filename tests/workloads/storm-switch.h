/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hand-written stack switch, as coroutine libraries have: it saves what a callee
 * must keep, changes sp, and returns on the other stack. With unwind information:
 * at each instruction the caller is that of the stack that sp shows.
 */
#ifndef STORM_SWITCH_H
#define STORM_SWITCH_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define STORM_SWITCH 1

void storm_switch(void **from, void *to);
void storm_switch_begin(void);

__asm__(".text\n"
        ".type storm_switch, @function\n"
        "storm_switch:\n"
        ".cfi_startproc\n"
        "push %rbp\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset rbp, 0\n"
        "push %rbx\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset rbx, 0\n"
        "push %r12\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset r12, 0\n"
        "push %r13\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset r13, 0\n"
        "push %r14\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset r14, 0\n"
        "push %r15\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset r15, 0\n"
        "mov %rsp, (%rdi)\n"
        "mov %rsi, %rsp\n"
        "pop %r15\n.cfi_adjust_cfa_offset -8\n.cfi_restore r15\n"
        "pop %r14\n.cfi_adjust_cfa_offset -8\n.cfi_restore r14\n"
        "pop %r13\n.cfi_adjust_cfa_offset -8\n.cfi_restore r13\n"
        "pop %r12\n.cfi_adjust_cfa_offset -8\n.cfi_restore r12\n"
        "pop %rbx\n.cfi_adjust_cfa_offset -8\n.cfi_restore rbx\n"
        "pop %rbp\n.cfi_adjust_cfa_offset -8\n.cfi_restore rbp\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size storm_switch, . - storm_switch\n"
        /* Where a new stack begins: nothing has called it. */
        ".type storm_switch_begin, @function\n"
        "storm_switch_begin:\n"
        ".cfi_startproc\n"
        ".cfi_undefined rip\n"
        "call *%rbx\n"
        "ud2\n"
        ".cfi_endproc\n"
        ".size storm_switch_begin, . - storm_switch_begin\n");

/* What storm_switch takes to run entry on a stack that ends before high. */
static inline void *storm_switch_make(uintptr_t high, void (*entry)(void))
{
    void **sp = (void **)(high & ~(uintptr_t)15);

    *--sp = NULL; /* so that sp is as behind a call when entry begins */
    *--sp = NULL;
    *--sp = (void *)(uintptr_t)storm_switch_begin;
    *--sp = NULL;                     /* rbp */
    *--sp = (void *)(uintptr_t)entry; /* rbx */
    for (int i = 0; i < 4; i++)
        *--sp = NULL;
    return sp;
}
#endif

#endif
