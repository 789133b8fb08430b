/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_UCONTEXT_H
#define ABI_FREEBSD_INCLUDE_UCONTEXT_H

#include <signal.h>

#if defined(__x86_64__)
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
    unsigned int mc_trapno;
    unsigned short mc_fs;
    unsigned short mc_gs;
    long mc_addr;
    unsigned int mc_flags;
    unsigned short mc_es;
    unsigned short mc_ds;
    long mc_err;
    long mc_rip;
    long mc_cs;
    long mc_rflags;
    long mc_rsp;
    long mc_ss;
    long mc_len;
    long abi_fpu[2];
    _Alignas(16) long abi_rest[72];
} mcontext_t;
#elif defined(__i386__)
typedef struct {
    int mc_onstack;
    int mc_gs;
    int mc_fs;
    int mc_es;
    int mc_ds;
    int mc_edi;
    int mc_esi;
    int mc_ebp;
    int mc_isp;
    int mc_ebx;
    int mc_edx;
    int mc_ecx;
    int mc_eax;
    int mc_trapno;
    int mc_err;
    int mc_eip;
    int mc_cs;
    int mc_eflags;
    int mc_esp;
    int mc_ss;
    int abi_fpu[4];
    _Alignas(16) int abi_rest[136];
} mcontext_t;
#else
typedef struct {
    struct {
        unsigned long gp_x[30];
        unsigned long gp_lr;
        unsigned long gp_sp;
        unsigned long gp_elr;
        unsigned int gp_spsr;
        int gp_pad;
    } mc_gpregs;
    _Alignas(16) long abi_rest[76];
} mcontext_t;
#endif

typedef struct ucontext {
    sigset_t uc_sigmask;
    mcontext_t uc_mcontext;
    struct ucontext *uc_link;
    stack_t uc_stack;
    int uc_flags;
    int abi_spare[4];
} ucontext_t;

#endif
