/* SPDX-License-Identifier: BSD-2-Clause */
/* DragonFly's code that calls handlers: at the top of the first stack. */
#include "system.h"

__asm__(".section .rodata\n"
        ".globl sigcode_begin, sigcode_back, sigcode_end\n"
        "sigcode_begin:\n"
        "    call *(%rsp)\n"
        "sigcode_back:\n"
        "    lea 64(%rsp), %rdi\n"
        "    push $0\n"
        "    movq $344, %rax\n"
        "    syscall\n"
        "0:  hlt\n"
        "    jmp 0b\n"
        "sigcode_end:\n"
        ".text\n");

void finish_frame(uintptr_t context)
{
    AT(unsigned, context, ABI_ucontext_t_uc_mcontext_mc_len) = ABI_mcontext_t;
}
