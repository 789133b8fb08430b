/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation.
 *
 * A tick (SIGPROF) interrupts a thread. The handler (handler.c) finds the
 * thread's slot (threads.h) from the tick itself, walks the stack (unwind/), and
 * appends one record to the ring (ring.h). Nothing else happens in the signal.
 * The drain (drain.c), a thread of ours that has every signal blocked, copies
 * the ring's records and the event log into the profile file (format.h).
 *
 * States of the profiler, changed only under control_lock:
 *
 *      OFF ──start──► ON ◄──resume/pause──► PAUSED
 *       ▲             │                       │
 *       └────stop─────┴───────────────────────┘
 *
 * The handler acts on ticks only when ON. The order of a start is: slots, ring,
 * handler, drain, then timers; of a stop: timers, flag, handler's leave, last
 * drain. Our handler stays installed when the program had none: a late tick must
 * never meet SIG_DFL.
 *
 * Locks, outermost first; none is ever taken in the handler, and none in a thread
 * of the program's outside a guard (guard.h):
 *      control_lock      sigprof.c   start, stop, pause, resume, fork
 *      declared_lock     declared.c  declared stacks
 *      threads_lock      threads.c   the slot table, timers
 *      modules_lock      modules.c   refresh
 *      labels_lock       labels.c    the label table
 *      loops_lock        jit/guest.c loops of interpreters
 *      events_lock       events.c    the event log, and generated code: then it is not
 *                                    in a guard, see jit/code.h
 *      drain_lock        drain.c     requests to the drain
 * The toggle's thread (toggle.c) only tries the first: who stops waits for it.
 * fork takes them all in this order (children.c), so a child finds each free.
 *
 * Memory shared with the handler comes from mmap, is reached through one pointer
 * stored with release order, and is never unmapped while a handler may look at
 * it (sigprof__threads_synchronize). Slots are never unmapped, only reused.
 */
#ifndef SIGPROF_IMPL_H
#define SIGPROF_IMPL_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "os/os.h"
#include "ring.h"
#include "sigprof/sigprof.h"
#include "unwind/unwind.h"

enum sigprof__phase { PHASE_OFF, PHASE_ON, PHASE_PAUSED };

/* What the handler needs. Fixed while phase is not OFF, but for the atomics. */
struct sigprof__state {
    _Atomic int phase;           /* enum sigprof__phase */
    _Atomic int clock;           /* enum sigprof_clock in use; may fall back */
    _Atomic bool event_ticks;    /* a thread had an event: late ones may come */
    _Atomic bool may_call_system; /* see os_syscalls_filtered */
    uint64_t period_ns;
    unwind_engine *unwind;
    struct ring ring;
};
extern struct sigprof__state sigprof__state;

/* What ordinary code needs besides; under control_lock. */
struct sigprof__session {
    struct sigprof__config config;
    uint8_t id[FORMAT_ID_BYTES];
    uint64_t start_mono_ns;
    uint64_t start_real_ns;
    uint64_t cpu_at_start_ns; /* of the process */
    int64_t paused_ns;        /* CPU time used while paused, so far */
    uint64_t sampler_ns;      /* CPU time of the samplers (clock/sampler.h) that have
                                 ended: a pause ends one */
    uint64_t paused_at_ns;    /* process CPU time when the pause began */
    int pid;                  /* tells a vfork child, which shares all this */
    bool forked;              /* begun in a forked child */
    const char *clock_note;   /* why not a better clock; or NULL */
    char ring_left[256]; /* holds what the file could not take; or "" */
};
extern struct sigprof__session sigprof__session;

/* ---- handler.c --------------------------------------------------------- */

/*
 * The times of records are there to be compared. So what changes often (jit/code.h)
 * reads the clock again only where another record has had a time since. That is said
 * when the time has been read: who takes it back and then reads the clock has a later
 * one than all that said it. In a cache line of its own, as each sample writes it.
 */
struct sigprof__record_clock {
    _Alignas(64) _Atomic unsigned was_read; /* riscv64 exchanges no byte */
};
extern struct sigprof__record_clock sigprof__record_clock;

/* Signal-safe. Another record has this time, or may have a later one than was read. */
static inline void sigprof__record_clock_moved(void)
{
    atomic_store_explicit(&sigprof__record_clock.was_read, true,
                          memory_order_release);
}

/* Signal-safe. The time of a record. */
static inline uint64_t sigprof__record_ns(void)
{
    uint64_t now_ns = sigprof__os_now_ns();

    sigprof__record_clock_moved();
    return now_ns;
}

/* Signal-safe: it is the signal. */
void sigprof__handler(int number, siginfo_t *info, void *ucontext);

struct slot;

/* What the calling thread said of its hook (here.c). initial-exec: a signal may read
 * it. */
struct sample_point {
    bool defers;
    bool pending;   /* ticks were noted since the last sample */
    uintptr_t here; /* not 0: it is at its hook; the frame there, and those below it
                       are ours */
};
extern __thread struct sample_point sigprof__point
    __attribute__((tls_model("initial-exec")));

/* Signal-safe. Is the calling thread to be left alone till it comes to its hook?
 * Then that is noted. */
bool sigprof__point_defers(void);

/* Signal-safe, inside the slot. Walks the stack of the slot's thread. */
void sigprof__sample_walk(struct slot *slot, const void *ucontext);

/* Signal-safe, inside the slot. Puts the stack that was walked last into a block of
 * owner's, or counts the loss. */
struct sample_facts {
    uint32_t label;
    uint32_t weight; /* periods */
    uint8_t state;   /* enum format_state */
    bool beside;     /* in no balance: the clock accounts for something else */
    uint64_t lag_ns; /* since it was due, where it had to wait; else 0 */
};
void sigprof__sample_put(struct slot *slot, struct ring_owner *owner,
                         const struct sample_facts *facts);

/* Signal-safe. Ticks have come while the slot was in use: they are lost. */
void sigprof__count_busy(struct slot *slot, uint32_t weight);

/* ---- sigprof.c --------------------------------------------------------- */

int sigprof__start(const struct sigprof__config *config, bool forked);
/* SIGPROF_EFILE: it is off, but not all is in the file; see ring_left. */
int sigprof__stop(bool remove_if_empty);

/* load.c. Stops, and says what the environment asked to be said. Takes the control
 * lock. Was sampling on? */
bool sigprof__stop_and_say(bool remove_if_empty);
void sigprof__control_lock(void);
bool sigprof__control_try_lock(void);
void sigprof__control_unlock(void);

/* Control. Pauses or resumes; a flight recorder's ring is written at a pause. */
void sigprof__toggle(void);

/* ---- sheet.c ----------------------------------------------------------- */

/* The sheet as it stands. Control. */
void sigprof__sheet(struct sigprof_stats *stats);

/* Fields of a sheet by name, for the file. */
struct sigprof__sheet_line {
    const char *name;
    int64_t value;
    bool is_whole; /* a time, or counted from the process's birth: not what parts of a
                    * recording add up to */
};
#define SHEET_LINES 21
#define SHEET_DROPPED 3 /* the line of the first enum ring_drop */
#define SHEET_OVERWRITTEN 15
unsigned sigprof__sheet_lines(struct sigprof__sheet_line lines[SHEET_LINES]);

#endif
