/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Static probes (USDT) for dtrace, bpftrace, perf and SystemTap, provider sigprof:
 *
 *      sample(tid, pc, weight)    one was put in the ring; weight in periods
 *      drop(cause, weight)        one was not; cause is an enum ring_drop
 *      start(hz, pid)             sampling began
 *      stop(pid)                  and ended
 *
 * <sys/sdt.h> of SystemTap and of DTrace both know DTRACE_PROBEn; the latter's calls are
 * made probes of by `dtrace -G` (sigprof.d). A probe that nobody looks at is a nop: its
 * arguments are already in registers or memory. Signal-safe: no call, no store.
 */
#ifndef SIGPROF_PROBES_H
#define SIGPROF_PROBES_H

#ifdef SIGPROF_HAVE_USDT
#include <sys/sdt.h>
#define PROBE_SAMPLE(tid, pc, weight) \
    DTRACE_PROBE3(sigprof, sample, tid, pc, weight)
#define PROBE_DROP(cause, weight) DTRACE_PROBE2(sigprof, drop, cause, weight)
#define PROBE_START(hz, pid) DTRACE_PROBE2(sigprof, start, hz, pid)
#define PROBE_STOP(pid) DTRACE_PROBE1(sigprof, stop, pid)
#else
#define PROBE_SAMPLE(tid, pc, weight) ((void)0)
#define PROBE_DROP(cause, weight) ((void)0)
#define PROBE_START(hz, pid) ((void)0)
#define PROBE_STOP(pid) ((void)0)
#endif

#endif
