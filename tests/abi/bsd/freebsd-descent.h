/* SPDX-License-Identifier: BSD-2-Clause */
/* What DragonFly has kept of FreeBSD; bsd.h says what each means. */
#ifndef ABI_BSD_FREEBSD_DESCENT_H
#define ABI_BSD_FREEBSD_DESCENT_H

#include "bsd.h"

#define LOCK_AT 0
#define ONCE_AT 0
#define CONTEXT_MASK_AT ABI_ucontext_t_uc_sigmask
#define MASK_CALL ABI_SYS_sigprocmask
#define OWN_ERRNO __error
#define SIGCODE_RIGHTS (PROT_READ | PROT_EXEC)
#define FRAME_BYTES ABI_struct_sigframe
#define FRAME_CONTEXT_AT ABI_struct_sigframe_sf_uc
#define FRAME_SIGINFO_AT ABI_struct_sigframe_sf_si
#define FRAME_RETURN 0
typedef long suseconds_there;
typedef uint16_t mode_there;

/* ---- SYSTEM/kernel.c --------------------------------------------------------------- */

/* sysctl(3)'s to a name of four words, of which the first two are kern.proc. */
bool of_process(const int *name, struct answer *answer);

#endif
