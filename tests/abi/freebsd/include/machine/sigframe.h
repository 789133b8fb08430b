/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_MACHINE_SIGFRAME_H
#define ABI_FREEBSD_INCLUDE_MACHINE_SIGFRAME_H

#include <ucontext.h>

struct sigframe {
#if defined(__i386__)
    int sf_signum;
    int sf_siginfo;
    int sf_ucontext;
    int sf_addr;
#endif
    void (*abi_handler)(int);
    ucontext_t sf_uc;
    siginfo_t sf_si;
};

#endif
