/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD's code that calls handlers: in a page that all processes share. */
#include "system.h"

__asm__(".section .rodata\n"
        ".globl sigcode_begin, sigcode_back, sigcode_end\n"
        "sigcode_begin:\n"
#if defined(__x86_64__)
        "    call *(%rsp)\n"
        "sigcode_back:\n"
        "    lea 16(%rsp), %rdi\n"
        "    push $0\n"
        "    movq $417, %rax\n"
        "    syscall\n"
        "0:  hlt\n"
        "    jmp 0b\n"
#elif defined(__i386__)
        "    call *16(%esp)\n"
        "sigcode_back:\n"
        "    lea 32(%esp), %eax\n"
        "    push %eax\n"
        "    testl $0x20000, 84(%eax)\n"
        "    jne 1f\n"
        "    mov 20(%eax), %gs\n"
        "1:  mov $417, %eax\n"
        "    push %eax\n"
        "    int $0x80\n"
        "0:  jmp 0b\n"
#else
        "    blr x8\n"
        "sigcode_back:\n"
        "    mov x0, sp\n"
        "    add x0, x0, #80\n"
        "1:  mov x8, #417\n"
        "    svc 0\n"
        "    mov x8, #1\n"
        "    svc 0\n"
        "    b 1b\n"
#endif
        "sigcode_end:\n"
        ".text\n");

void finish_frame(uintptr_t context)
{
#ifdef ABI_ucontext_t_uc_mcontext_mc_len
    AT(int, context, ABI_ucontext_t_uc_mcontext_mc_len) = ABI_mcontext_t;
#else
    (void)context;
#endif
}
