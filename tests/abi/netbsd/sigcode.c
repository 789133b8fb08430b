/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD's code that handlers return to: __sigtramp_siginfo_2, in libc. Of releases from
 * 10 on it has unwind tables, which say the same. */
#include "system.h"

__asm__(".text\n"
        ".globl __sigtramp_siginfo_2\n"
        "    nop\n"
        "__sigtramp_siginfo_2:\n"
#if defined(__x86_64__)
        "    mov %r15, %rdi\n"
        "    movq $308, %rax\n"
        "    syscall\n"
        "    movq $-1, %rdi\n"
        "    movq $1, %rax\n"
        "    syscall\n"
#elif defined(__i386__)
        "    lea 12+128(%esp), %eax\n"
        "    mov %eax, 4(%esp)\n"
        "    mov $308, %eax\n"
        "    int $0x80\n"
        "    movl $-1, 4(%esp)\n"
        "    mov $1, %eax\n"
        "    int $0x80\n"
#else
        "    mov x0, x28\n"
        "    svc #308\n"
        "    svc #1\n"
#endif
);
extern const char __sigtramp_siginfo_2[];

uintptr_t sigcode(void)
{
    return (uintptr_t)__sigtramp_siginfo_2;
}

void finish_frame(uintptr_t context)
{
    (void)context;
}
