/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenBSD; ../bsd/bsd.h says what each means. */
#ifndef ABI_OPENBSD_SYSTEM_H
#define ABI_OPENBSD_SYSTEM_H

#include "../bsd/bsd.h"

#define PLAYED(name) openbsd_##name
#define LOCK_AT 0
#define ONCE_AT 0
#define TIMERS_FIND_ANY_THREAD false
#define CODE_OF_TIMER 0 /* nobody is told */
#define CODE_OF_THREAD 0
#define CONTEXT_MASK_AT ABI_ucontext_t_sc_mask
#define RATE_BYTES ABI_struct_clockinfo
#define RATE_AT ABI_struct_clockinfo_hz
#define OWN_ERRNO __errno
#define SIGCODE_RIGHTS PROT_EXEC
#define CLOCKS_HAVE_TYPES
#define HEADERS_THERE /* kernel.c: of text that cannot be read */
const ElfW(Phdr) *headers_there(const struct dl_phdr_info *info);
#if defined(__x86_64__) /* a siginfo_t, and the FPU's registers, are above that */
#define FRAME_BYTES (ABI_ucontext_t + 8 + ABI_siginfo_t)
#define FRAME_CONTEXT_AT 0
#define FRAME_SIGINFO_AT (ABI_ucontext_t + 8)
#else
#define FRAME_BYTES ABI_struct_sigframe
#define FRAME_CONTEXT_AT ABI_struct_sigframe_sf_sc
#define FRAME_SIGINFO_AT ABI_struct_sigframe_sf_si
#endif
#define FRAME_RETURN 0
#define SIGINFO_ALWAYS false
typedef int clock_there;
typedef long suseconds_there;
typedef int32_t dev_there;
typedef uint32_t mode_there;

#endif
