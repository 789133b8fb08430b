/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenBSD's code that calls handlers: in a page of a random address, which cannot be read.
 * The kernel knows its contexts by a cookie. */
#include "system.h"

__asm__(".section .rodata\n"
        ".globl sigcode_begin, sigcode_back, sigcode_end\n"
        "sigcode_begin:\n"
#if defined(__x86_64__)
        "    call *%rax\n"
        "sigcode_back:\n"
        "    mov %rsp, %rdi\n"
        "    push %rdi\n"
        "    movq $103, %rax\n"
        "    syscall\n"
        "    movq $1, %rax\n"
        "    syscall\n"
#elif defined(__i386__)
        "    call *12(%esp)\n"
        "sigcode_back:\n"
        "    lea 16(%esp), %eax\n"
        "    push %eax\n"
        "    push %eax\n"
        "    mov $103, %eax\n"
        "    int $0x80\n"
        "    mov $1, %eax\n"
        "    int $0x80\n"
#else
        "    blr x30\n"
        "sigcode_back:\n"
        "    mov x0, sp\n"
        "    add x0, x0, #8\n"
        "    mov x8, #103\n"
        "    svc 0\n"
#endif
        "sigcode_end:\n"
        ".text\n");

#define SECRET ((uintptr_t)UINT64_C(0x9e3779b97f4a7c15))

void finish_frame(uintptr_t context)
{
    AT(uintptr_t, context, ABI_ucontext_t_sc_cookie) = context ^ SECRET;
}
