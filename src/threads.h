/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slot table: one slot for each thread that can be sampled.
 *
 * A slot is found by the handler from the value that the thread's own timer
 * carries, so no thread-local storage is needed there; where a tick carries no
 * value (ITIMER_PROF), from the thread id, in a hash that is read without a
 * lock. Slots come from chunks that are never unmapped; a value holds the index
 * and a generation, so a late tick of a slot's former thread is recognised.
 *
 * Threads become known by the interposed pthread_create, by
 * sigprof_thread_attach, and by the drain's sweep of the system's list.
 */
#ifndef SIGPROF_THREADS_H
#define SIGPROF_THREADS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "clock/wall.h"
#include "jit/guest.h"
#include "os/os.h"
#include "ring.h"
#include "unwind/unwind.h"

enum slot_life { SLOT_FREE, SLOT_LIVE };

struct slot {
    /* atomic: who is in here, and whose is it */
    _Atomic uint32_t life;   /* enum slot_life */
    _Atomic uint32_t inside; /* a handler is using this slot */
    _Atomic uintptr_t unknown_sp; /* asks the drain which stack this is in */
    _Atomic uintptr_t thread_pointer; /* seen by the handler; with unknown_sp */
    _Atomic uintptr_t stack_low; /* 0: not known yet */
    _Atomic uintptr_t stack_high;
    _Atomic bool has_event;   /* or had one: ticks by it may come */
    _Atomic bool skips_first; /* of the event's ticks (clock/perf.c) */
    _Atomic uint32_t owed;    /* periods: the drain adds, the handler takes */

    /* the handler's; others read them when it is out */
    _Atomic uint64_t periods; /* sampled, overruns included, and counted drops */
    _Atomic uint64_t samples;
    _Atomic uint64_t busy; /* periods of ticks that came while one was taken */
    _Atomic uint64_t deferred; /* periods of ticks that wait for the hook; they are
                                  among `periods` */
    uint64_t deferred_ns; /* the time of the first */
    struct ring_owner owner;
    struct unwind_stack stack;
    struct guest_account guests;
    struct unwind_stack *result; /* the one of the two that was made last */

    /* fixed while live; threads_lock */
    _Atomic uint32_t value; /* what its ticks carry, in 24 bits: generation << 16 | index */
    int tid;
    os_timer timer;
    bool has_timer;
    os_event event;     /* NULL: none */
    bool in_kernel;     /* the event samples there too */
    bool event_refused; /* the drain has tried */
    bool hooked; /* its end will be told; else the sweep finds out */
    bool seen;   /* the sweep's mark */
    bool named;  /* its name was asked for since it was born */
    bool name_is_own; /* the program has given it: the system's does not replace it */
    uint64_t cpu_at_start_ns; /* what the clock charges: see sigprof__clock_used */
    uint64_t cpu_last_ns;     /* as of the last look */
    uint64_t weighed_periods; /* weigh.c: sampled by then */
    uint64_t kernel_periods;  /* charged without a tick */
    uint64_t cpu_weighed_ns;  /* at the last look after a tick */
    bool blocked;             /* SIGPROF, when looked at; no tick since */
    char name[32];

    struct wall_account wall; /* clock/wall.c */
};

/* ---- Signal-safe ------------------------------------------------------- */

struct slot *sigprof__slot_of_value(uint32_t value);
struct slot *sigprof__slot_of_thread(int tid);
/* The calling thread's; without a system call but for the first time. */
struct slot *sigprof__slot_of_self(void);

/* Around what is done with a slot's stack where somebody besides its own handler
 * may do it. enter: false: somebody is at it. */
static inline bool sigprof__slot_enter(struct slot *slot)
{
    return atomic_exchange(&slot->inside, 1) == 0;
}

static inline void sigprof__slot_leave(struct slot *slot)
{
    atomic_store_explicit(&slot->inside, 0, memory_order_release);
}

/* Around what a handler does with the ring for a thread without a slot; waited for
 * like the others. */
extern _Atomic uint32_t sigprof__handlers_inside;

static inline void sigprof__handlers_enter(void)
{
    atomic_fetch_add(&sigprof__handlers_inside, 1);
}

static inline void sigprof__handlers_leave(void)
{
    atomic_fetch_sub(&sigprof__handlers_inside, 1);
}

/* ---- Ordinary code ----------------------------------------------------- */

/* Control. Makes the first chunk. 0 or a SIGPROF_E… code. */
int sigprof__threads_begin(unsigned depth);

/* Thread-safe. Makes a thread known and arms its clock; somebody will call
 * sigprof__thread_gone for it. is_own: the program has given it that name. NULL: no
 * room, or sampling is off. */
struct slot *sigprof__thread_known(int tid, uintptr_t start_routine,
                                   const char *name, bool is_own);

/* Thread-safe. Settles the account of thread tid; cause: format_exit_cause. */
void sigprof__thread_gone(int tid, unsigned cause);

/* Control, before the start: will every thread tell of its birth (the preload
 * object is there), or has the drain to look for them? */
void sigprof__threads_tell(bool tell);
bool sigprof__threads_are_told(void);

/* The calling thread, born or dying. Who was born here dies here by itself. */
void sigprof__thread_begin_self(uintptr_t start_routine, const char *name);
void sigprof__thread_end_self(void);

/* thread-end.c. The calling thread's end will be noticed, by a key's destructor. */
void sigprof__thread_end_watch(void);

/* thread-end.c. At load, and in a forked child: the calling thread is the first, if there
 * is no other. */
void sigprof__thread_note_first(void);

/* Does the process end with the calling thread? */
bool sigprof__thread_is_last(void);

/* Control. Finds threads that came and went without telling. */
void sigprof__threads_sweep(void);

/* Control. Threads that have run get the clock they are worth, and what their
 * samples do not stand for is made good (weigh.h). */
void sigprof__threads_weigh(void);

/* Periods that are accounted for: by samples, as dropped, as [kernel]. */
static inline uint64_t sigprof__slot_periods(const struct slot *slot)
{
    return atomic_load(&slot->periods) + atomic_load(&slot->busy) +
           slot->kernel_periods;
}

/* Control. Looks up the stacks that handlers asked about. */
void sigprof__threads_resolve_stacks(void);

/* Control. What was used since the threads were disarmed is the pause's. */
void sigprof__threads_end_pause(void);

/* Control. Arms every thread's clock, and sampling is ON; or disarms them, and it is
 * in the phase given: no thread that is born meanwhile is armed twice, or left
 * armed. */
int sigprof__threads_arm(void);
void sigprof__threads_disarm(int phase);

/* Control. Settles every account: sampling stops. */
void sigprof__threads_end(void);

/* Control, in a forked child: every slot is free again. */
void sigprof__threads_after_fork(void);

/* Thread-safe. true when every handler that was running at the call has left;
 * false if that took longer than max_ms. */
bool sigprof__threads_synchronize(unsigned max_ms);

/* Signal-safe, inside the slot. From here on this is what was walked. */
static inline void sigprof__slot_result(struct slot *slot,
                                        struct unwind_stack *result)
{
    if (slot->result != result)
        slot->owner.continues = false; /* the record before is of the other */
    slot->result = result;
}

/* Signal-safe. Stacks that the program declared (declared.c). */
const struct unwind_ranges *sigprof__stacks_declared(void);

/* Threads and what no sample stands for; threads_lock. */
struct thread_totals {
    uint64_t threads;    /* ever known */
    uint64_t live;
    uint64_t cpu_ns;     /* of all known threads, while known and not paused */
    uint64_t paused_ns;  /* of all known threads, while paused */
    uint64_t periods;    /* sampled by all of them */
    uint64_t samples;
    int64_t kernel_ns;   /* unsampled: charged as [kernel] */
    int64_t exit_ns;     /* unsampled: of threads that have ended */
    int64_t running_ns;  /* ... of those still running: under a period each */
    int64_t blocked_ns;  /* ... of those that block SIGPROF */
};
void sigprof__threads_totals(struct thread_totals *totals, bool look_for_blocked);

void sigprof__declared_lock(void);
void sigprof__declared_unlock(void);
void sigprof__threads_lock(void);
void sigprof__threads_unlock(void);

#endif
