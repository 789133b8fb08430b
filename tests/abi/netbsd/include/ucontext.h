/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_UCONTEXT_H
#define ABI_NETBSD_INCLUDE_UCONTEXT_H

#include <signal.h>

#if defined(__x86_64__)
#define _REG_RDI 0
#define _REG_RSI 1
#define _REG_RDX 2
#define _REG_RCX 3
#define _REG_R8 4
#define _REG_R9 5
#define _REG_R10 6
#define _REG_R11 7
#define _REG_R12 8
#define _REG_R13 9
#define _REG_R14 10
#define _REG_R15 11
#define _REG_RBP 12
#define _REG_RBX 13
#define _REG_RAX 14
#define _REG_GS 15
#define _REG_FS 16
#define _REG_ES 17
#define _REG_DS 18
#define _REG_TRAPNO 19
#define _REG_ERR 20
#define _REG_RIP 21
#define _REG_CS 22
#define _REG_RFLAGS 23
#define _REG_RSP 24
#define _REG_SS 25
typedef unsigned long __greg_t;
typedef struct {
    __greg_t __gregs[26];
    __greg_t _mc_tlsbase;
    _Alignas(8) char abi_rest[512];
} mcontext_t;
#elif defined(__i386__)
#define _REG_GS 0
#define _REG_FS 1
#define _REG_ES 2
#define _REG_DS 3
#define _REG_EDI 4
#define _REG_ESI 5
#define _REG_EBP 6
#define _REG_ESP 7
#define _REG_EBX 8
#define _REG_EDX 9
#define _REG_ECX 10
#define _REG_EAX 11
#define _REG_TRAPNO 12
#define _REG_ERR 13
#define _REG_EIP 14
#define _REG_CS 15
#define _REG_EFL 16
#define _REG_UESP 17
#define _REG_SS 18
typedef unsigned int __greg_t;
typedef struct {
    __greg_t __gregs[19];
    int abi_rest[162];
} mcontext_t;
#else
#define _REG_ELR 32
typedef unsigned long __greg_t;
typedef struct {
    __greg_t __gregs[35];
    long abi_rest[75];
} mcontext_t;
#endif

typedef struct ucontext {
    unsigned int uc_flags;
    struct ucontext *uc_link;
    sigset_t uc_sigmask;
    stack_t uc_stack;
#if defined(__aarch64__)
    _Alignas(16)
#endif
    mcontext_t uc_mcontext;
#if defined(__i386__)
    int abi_pad[4];
#endif
} ucontext_t;

#endif
