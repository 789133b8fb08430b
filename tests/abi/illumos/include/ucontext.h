/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_UCONTEXT_H
#define ABI_ILLUMOS_INCLUDE_UCONTEXT_H

#include <signal.h>
#include <sys/regset.h>

typedef long greg_t;
typedef greg_t gregset_t[ABI_NGREG];

typedef struct {
    gregset_t gregs;
#if defined(__x86_64__)
    _Alignas(16) unsigned char abi_rest[528];
#elif defined(__i386__)
    unsigned char abi_rest[380];
#else
    _Alignas(16) unsigned char abi_rest[464];
#endif
} mcontext_t;

typedef struct ucontext {
    unsigned long uc_flags;
    struct ucontext *uc_link;
    sigset_t uc_sigmask;
    stack_t uc_stack;
    mcontext_t uc_mcontext;
#if defined(__sparcv9)
    long uc_filler[4];
#else
    long uc_filler[5];
#endif
} ucontext_t;

int stack_getbounds(stack_t *);

#endif
