/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_MACHINE_FRAME_H
#define ABI_FREEBSD_INCLUDE_MACHINE_FRAME_H

#include <ucontext.h>

/* arm64's; others have it in <machine/sigframe.h>. */
struct sigframe {
    siginfo_t sf_si;
    ucontext_t sf_uc;
};

#endif
