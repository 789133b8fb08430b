/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD; ../bsd/bsd.h says what each means. */
#ifndef ABI_FREEBSD_SYSTEM_H
#define ABI_FREEBSD_SYSTEM_H

#include "../bsd/freebsd-descent.h"

#define PLAYED(name) freebsd_##name
#define TIMERS_FIND_ANY_THREAD false
#define CODE_OF_TIMER ABI_SI_KERNEL
#define CODE_OF_THREAD ABI_SI_LWP
#define RATE_BYTES ABI_struct_clockinfo
#define RATE_AT ABI_struct_clockinfo_stathz
#define SIGINFO_ALWAYS true /* libthr's doing */
#define DEFERS
typedef int clock_there;
typedef uint64_t dev_there;

#endif
