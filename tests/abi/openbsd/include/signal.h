/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SIGNAL_H
#define ABI_OPENBSD_INCLUDE_SIGNAL_H

#include <sys/types.h>
#include <time.h>

#define NSIG 33

typedef unsigned int sigset_t;

typedef struct {
    int si_signo;
    int si_code;
    int si_errno;
    union {
        int abi_pad[128 / sizeof(int) - 3];
        void *si_addr;
    };
} siginfo_t;

struct sigaction {
    union {
        void (*abi_handler)(int);
        void (*abi_sigaction)(int, siginfo_t *, void *);
    } abi_function;
    sigset_t sa_mask;
    int sa_flags;
};

#if defined(__x86_64__)
struct sigcontext {
    long sc_rdi;
    long sc_rsi;
    long sc_rdx;
    long sc_rcx;
    long sc_r8;
    long sc_r9;
    long sc_r10;
    long sc_r11;
    long sc_r12;
    long sc_r13;
    long sc_r14;
    long sc_r15;
    long sc_rbp;
    long sc_rbx;
    long sc_rax;
    long sc_gs;
    long sc_fs;
    long sc_es;
    long sc_ds;
    long sc_trapno;
    long sc_err;
    long sc_rip;
    long sc_cs;
    long sc_rflags;
    long sc_rsp;
    long sc_ss;
    void *sc_fpstate;
    int abi_unused;
    int sc_mask;
    long sc_cookie;
};
#elif defined(__i386__)
struct sigcontext {
    int sc_gs;
    int sc_fs;
    int sc_es;
    int sc_ds;
    int sc_edi;
    int sc_esi;
    int sc_ebp;
    int sc_ebx;
    int sc_edx;
    int sc_ecx;
    int sc_eax;
    int sc_eip;
    int sc_cs;
    int sc_eflags;
    int sc_esp;
    int sc_ss;
    long sc_cookie;
    int sc_mask;
    int sc_trapno;
    int sc_err;
    void *sc_fpstate;
};
#else
struct sigcontext {
    int abi_unused;
    int sc_mask;
    unsigned long sc_sp;
    unsigned long sc_lr;
    unsigned long sc_elr;
    unsigned long sc_spsr;
    unsigned long sc_x[30];
    long sc_cookie;
};
#endif
typedef struct sigcontext ucontext_t;

#include <abi/signals.h>

int thrkill(pid_t, int, void *);

#endif
