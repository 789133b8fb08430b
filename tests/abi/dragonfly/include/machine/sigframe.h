/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_MACHINE_SIGFRAME_H
#define ABI_DRAGONFLY_INCLUDE_MACHINE_SIGFRAME_H

#include <ucontext.h>

struct sigframe {
    void (*abi_handler)(int);
    ucontext_t sf_uc;
    siginfo_t sf_si;
};

#endif
