/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SYS_UCONTEXT_H
#define ABI_DARWIN_INCLUDE_SYS_UCONTEXT_H

#include <signal.h>

#if defined(__x86_64__)
struct __darwin_x86_thread_state64 {
    unsigned long __rax;
    unsigned long __rbx;
    unsigned long __rcx;
    unsigned long __rdx;
    unsigned long __rdi;
    unsigned long __rsi;
    unsigned long __rbp;
    unsigned long __rsp;
    unsigned long __r8;
    unsigned long __r9;
    unsigned long __r10;
    unsigned long __r11;
    unsigned long __r12;
    unsigned long __r13;
    unsigned long __r14;
    unsigned long __r15;
    unsigned long __rip;
    unsigned long __rflags;
    unsigned long __cs;
    unsigned long __fs;
    unsigned long __gs;
};
struct __darwin_mcontext64 {
    char __es[16];
    struct __darwin_x86_thread_state64 __ss;
    _Alignas(8) char abi_rest[528];
};
#else
struct __darwin_arm_thread_state64 {
    unsigned long __x[29];
    unsigned long __fp;
    unsigned long __lr;
    unsigned long __sp;
    unsigned long __pc;
    unsigned int __cpsr;
    unsigned int __pad;
};
struct __darwin_mcontext64 {
    char __es[16];
    struct __darwin_arm_thread_state64 __ss;
    _Alignas(16) char abi_rest[528];
};
#endif

typedef struct {
    int uc_onstack;
    sigset_t uc_sigmask;
    stack_t uc_stack;
    void *uc_link;
    size_t uc_mcsize;
    struct __darwin_mcontext64 *uc_mcontext;
} ucontext_t;

#endif
