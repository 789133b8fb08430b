/* SPDX-License-Identifier: BSD-2-Clause */
/* DragonFly; ../bsd/bsd.h says what each means. */
#ifndef ABI_DRAGONFLY_SYSTEM_H
#define ABI_DRAGONFLY_SYSTEM_H

#include "../bsd/freebsd-descent.h"

#define PLAYED(name) dragonfly_##name
#define TIMERS_FIND_ANY_THREAD true
#define CODE_OF_TIMER 0 /* nobody is told */
#define CODE_OF_THREAD 0
#define RATE_BYTES ABI_struct_kinfo_clockinfo
#define RATE_AT ABI_struct_kinfo_clockinfo_ci_hz
#define SIGINFO_ALWAYS false
typedef unsigned long clock_there;
typedef uint32_t dev_there;

#endif
