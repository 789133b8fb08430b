/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD; ../bsd/bsd.h says what each means. */
#ifndef ABI_NETBSD_SYSTEM_H
#define ABI_NETBSD_SYSTEM_H

#include "../bsd/bsd.h"

#define PLAYED(name) netbsd_##name
#define LOCK_AT (ABI_pthread_mutex_t / 3 & ~3) /* behind the kind, which is not 0 */
#define ONCE_AT ABI_pthread_mutex_t
#define TIMERS_FIND_ANY_THREAD true
#define CODE_OF_TIMER ABI_SI_TIMER
#define CODE_OF_THREAD ABI_SI_LWP
#define CONTEXT_MASK_AT ABI_ucontext_t_uc_sigmask
#define RATE_BYTES ABI_struct_clockinfo
#define RATE_AT ABI_struct_clockinfo_hz
#define MASK_CALL ABI_SYS___sigprocmask14
#define OWN_ERRNO __errno
#define FRAME_BYTES ABI_struct_sigframe_siginfo
#define FRAME_CONTEXT_AT ABI_struct_sigframe_siginfo_sf_uc
#define FRAME_SIGINFO_AT ABI_struct_sigframe_siginfo_sf_si
#if defined(__aarch64__)
#define FRAME_RETURN 0
#else
#define FRAME_RETURN sizeof(long)
#endif
#define SIGINFO_ALWAYS true
typedef int clock_there;
typedef int suseconds_there;
typedef uint64_t dev_there;
typedef uint32_t mode_there;

#endif
