/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_MACHINE_FRAME_H
#define ABI_NETBSD_INCLUDE_MACHINE_FRAME_H

#include <ucontext.h>

struct sigframe_siginfo {
#if !defined(__aarch64__)
    unsigned long sf_ra;
#endif
#if defined(__i386__)
    int sf_signum;
    siginfo_t *sf_sip;
    ucontext_t *sf_ucp;
#endif
    siginfo_t sf_si;
    ucontext_t sf_uc;
};

#endif
