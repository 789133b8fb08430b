/* SPDX-License-Identifier: BSD-2-Clause */
/* DragonFly; ../bsd/bsd.h says what each means. */
#ifndef ABI_DRAGONFLY_SYSTEM_H
#define ABI_DRAGONFLY_SYSTEM_H

#include "../bsd/bsd.h"

#define PLAYED(name) dragonfly_##name
#define LOCK_AT 0
#define ONCE_AT 0
#define TIMERS_FIND_ANY_THREAD true
#define CODE_OF_TIMER 0 /* nobody is told */
#define CODE_OF_THREAD 0
#define CONTEXT_MASK_AT ABI_ucontext_t_uc_sigmask
#define RATE_BYTES ABI_struct_kinfo_clockinfo
#define RATE_AT ABI_struct_kinfo_clockinfo_ci_hz
#define MASK_CALL ABI_SYS_sigprocmask
#define OWN_ERRNO __error
#define SIGCODE_RIGHTS (PROT_READ | PROT_EXEC)
#define FRAME_BYTES ABI_struct_sigframe
#define FRAME_CONTEXT_AT ABI_struct_sigframe_sf_uc
#define FRAME_SIGINFO_AT ABI_struct_sigframe_sf_si
#define FRAME_RETURN 0
#define SIGINFO_ALWAYS false
typedef unsigned long clock_there;
typedef long suseconds_there;
typedef uint32_t dev_there;
typedef uint16_t mode_there;

#endif
