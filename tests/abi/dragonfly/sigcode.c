/* SPDX-License-Identifier: BSD-2-Clause */
/* DragonFly's code that calls handlers: at the top of the first stack. */
#include "system.h"

__asm__(".section .rodata\n"
        "code:\n"
        "    call *(%rsp)\n"
        "back:\n"
        "    lea 64(%rsp), %rdi\n"
        "    push $0\n"
        "    movq $344, %rax\n"
        "    syscall\n"
        "0:  hlt\n"
        "    jmp 0b\n"
        "end:\n"
        ".text\n");
extern const char code[], back[], end[];

uintptr_t sigcode(void)
{
    static uintptr_t page;

    if (!page)
        page = map_code(code, (size_t)(end - code), true);
    return page + (uintptr_t)(back - code);
}

void finish_frame(uintptr_t context)
{
    AT(unsigned, context, ABI_ucontext_t_uc_mcontext_mc_len) = ABI_mcontext_t;
}
