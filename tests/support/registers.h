/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of a ucontext_t by their column, to be set; and generated code. */
#ifndef TEST_REGISTERS_H
#define TEST_REGISTERS_H

#include "arch/arch.h"
#include "os/regs.h"

/* Pointers to the stack as addresses. ucontext: struct regs_made's. */
static inline void test_register(void *ucontext, unsigned column,
                                 uintptr_t value)
{
    const void *base = regs_base(ucontext);

    __asm__("" : "+r"(base)); /* may lie before what gcc sees */
    if (regs_is_pointer(column))
        value = regs_biased(value);
    *(uintptr_t *)(uintptr_t)((const char *)base + regs_offset(column)) = value;
#ifdef REGS_NEXT_PC
    if (column == REGS_PC)
        test_register(ucontext, REGS_NEXT_PC, value + 4);
#endif
}

/* As if the call that was just made had come back. */
static inline void test_return(void *ucontext)
{
#if ARCH_LINK
    uintptr_t back = regs_get(ucontext, REGS_LINK);

    test_register(ucontext, REGS_PC, arch_return_address(back));
#ifdef REGS_STATUS_THUMB
    test_register(ucontext, REGS_STATUS,
                  (regs_get(ucontext, REGS_STATUS) &
                   ~(uintptr_t)REGS_STATUS_THUMB) |
                      ((back & 1) ? REGS_STATUS_THUMB : 0));
#endif
#else
    uintptr_t sp = regs_sp(ucontext);

    test_register(ucontext, REGS_PC, *(const uintptr_t *)sp);
    test_register(ucontext, REGS_SP, sp + sizeof sp);
#endif
}

/* What a VM would make: int f(int (*callback)(void)), with a frame record. And at
 * which byte the call returns. Empty: not written for this CPU. */
#if defined(__x86_64__)
#define TEST_CODE_RETURN 6
static const unsigned char test_code[] = {
    0x55,             /* push %rbp */
    0x48, 0x89, 0xe5, /* mov %rsp, %rbp */
    0xff, 0xd7,       /* call *%rdi */
    0x5d,             /* pop %rbp */
    0xc3};
#elif defined(__arm__) /* ARM code, with Thumb's frame pointer */
#define TEST_CODE_RETURN 12
static const unsigned char test_code[] = {
    0x80, 0x40, 0x2d, 0xe9, /* push {r7, lr} */
    0x0d, 0x70, 0xa0, 0xe1, /* mov r7, sp */
    0x30, 0xff, 0x2f, 0xe1, /* blx r0 */
    0x80, 0x80, 0xbd, 0xe8}; /* pop {r7, pc} */
#elif defined(__i386__)
#define TEST_CODE_RETURN 6
static const unsigned char test_code[] = {
    0x55,             /* push %ebp */
    0x89, 0xe5,       /* mov %esp, %ebp */
    0xff, 0x55, 0x08, /* call *8(%ebp) */
    0x5d,             /* pop %ebp */
    0xc3};
#elif defined(__aarch64__)
#define TEST_CODE_RETURN 12
static const uint32_t test_code[] = {
    0xa9bf7bfd, /* stp x29, x30, [sp, #-16]! */
    0x910003fd, /* mov x29, sp */
    0xd63f0000, /* blr x0 */
    0xa8c17bfd, /* ldp x29, x30, [sp], #16 */
    0xd65f03c0};
#elif defined(__sparc__)
#define TEST_CODE_RETURN 12
static const uint32_t test_code[] = {
    0x9de3bf50, /* save %sp, -176, %sp */
    0x9fc60000, /* call %i0 */
    0x01000000, /* nop */
    0x81c7e008, /* ret */
    0x91e80008}; /* restore %g0, %o0, %o0 */
#elif defined(__riscv)
#define TEST_CODE_RETURN 20
static const uint32_t test_code[] = {
    0xff010113, /* addi sp, sp, -16 */
    0x00113423, /* sd ra, 8(sp) */
    0x00813023, /* sd s0, 0(sp) */
    0x01010413, /* addi s0, sp, 16 */
    0x000500e7, /* jalr a0 */
    0x00813083, /* ld ra, 8(sp) */
    0x00013403, /* ld s0, 0(sp) */
    0x01010113, /* addi sp, sp, 16 */
    0x00008067};
#endif

#endif
