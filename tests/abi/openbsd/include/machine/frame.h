/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_MACHINE_FRAME_H
#define ABI_OPENBSD_INCLUDE_MACHINE_FRAME_H

#include <signal.h>

/* amd64 has none: the sigcontext lies at the stack pointer. */
struct sigframe {
    int sf_signum;
#if defined(__i386__)
    siginfo_t *sf_sip;
    struct sigcontext *sf_scp;
    void (*sf_handler)(int);
#endif
    struct sigcontext sf_sc;
    siginfo_t sf_si;
};

#endif
