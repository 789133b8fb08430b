/* SPDX-License-Identifier: BSD-2-Clause */
/* What tells a tick of our timers, or a signal of the wall clock's, from one of the
 * program's, which may raise SIGPROF too: the bits of the value above the lower 24, or
 * 32 where there are more. */
#ifndef SIGPROF_LINUX_TIMER_H
#define SIGPROF_LINUX_TIMER_H

#include <stdint.h>

#if UINTPTR_MAX > UINT32_MAX
#define TIMER_MARK_MASK ((uintptr_t)0xffffffff << 32)
#define TIMER_MARK ((uintptr_t)0x53675072 << 32) /* "SgPr" */
#else
#define TIMER_MARK_MASK ((uintptr_t)0xff << 24)
#define TIMER_MARK ((uintptr_t)0x53 << 24)
#endif

#endif
