/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_UCONTEXT_H
#define ABI_DRAGONFLY_INCLUDE_UCONTEXT_H

#include <signal.h>

typedef struct {
    long mc_onstack;
    long mc_rdi;
    long mc_rsi;
    long mc_rdx;
    long mc_rcx;
    long mc_r8;
    long mc_r9;
    long mc_rax;
    long mc_rbx;
    long mc_rbp;
    long mc_r10;
    long mc_r11;
    long mc_r12;
    long mc_r13;
    long mc_r14;
    long mc_r15;
    long mc_xflags;
    long mc_trapno;
    long mc_addr;
    long mc_flags;
    long mc_err;
    long mc_rip;
    long mc_cs;
    long mc_rflags;
    long mc_rsp;
    long mc_ss;
    unsigned int mc_len;
    int abi_fpu[11];
    _Alignas(64) int abi_rest[256];
} mcontext_t;

typedef struct ucontext {
    sigset_t uc_sigmask;
    _Alignas(64) mcontext_t uc_mcontext;
    struct ucontext *uc_link;
    stack_t uc_stack;
    int abi_spare[8];
} ucontext_t;

#endif
