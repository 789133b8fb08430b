/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes a thread tick. One file for each clock; clock.c sends each call to
 * the one in use, sigprof__state.clock. Ordinary code; threads_lock is held for
 * all but begin and end.
 */
#ifndef SIGPROF_CLOCK_H
#define SIGPROF_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "sigprof/sigprof.h"

struct slot;

struct clock_ops {
    /* Process-wide part. Return 0 or a SIGPROF_E… code. */
    int (*begin)(void);
    void (*end)(void);
    /* A thread's part; NULL: it has none. arm returns 0 or an errno value. forever:
     * the thread is leaving, or the clock is not to be used again. */
    int (*arm)(struct slot *slot, uint64_t first_ns);
    void (*disarm)(struct slot *slot, bool forever);
};

extern const struct clock_ops sigprof__thread_timer; /* thread-timer.c */
extern const struct clock_ops sigprof__itimer;       /* itimer.c */
extern const struct clock_ops sigprof__perf;         /* perf.c */
extern const struct clock_ops sigprof__realprof;     /* realprof.c */
extern const struct clock_ops sigprof__wall;         /* wall.c */
extern const struct clock_ops sigprof__polled;       /* polled.c */

int sigprof__clock_begin(void);
void sigprof__clock_end(void);
int sigprof__clock_arm(struct slot *slot, uint64_t first_ns);
void sigprof__clock_disarm(struct slot *slot, bool forever);

/* What thread tid has used so far of what the clock in use charges: CPU time, or
 * time. ESRCH when it is gone. Thread-safe. */
int sigprof__clock_used(int tid, uint64_t *ns);

/* Is it the sampler that makes threads tick by this one (sampler.h)? Signal-safe. */
static inline bool sigprof__clock_is_sampler(int clock)
{
    return clock == SIGPROF_CLOCK_WALL || clock == SIGPROF_CLOCK_POLLED;
}

/* The drain has come by a thread that uses CPU: a better clock than it was born
 * with may pay now. */
void sigprof__clock_improve(struct slot *slot);
void sigprof__perf_replace_timer(struct slot *slot);

/* What the clock that was asked for comes to here: enum sigprof_clock; and why, for
 * the file (of static storage; NULL: no note). */
int sigprof__clock_first(int asked);
const char *sigprof__clock_first_note(int asked);

/* The clock in use is now this one (enum sigprof_clock), and why (NULL: no note;
 * else of static storage). Says it in the file. */
void sigprof__clock_say(int clock, const char *note);

/* Ticks a second that can arrive one by one, of those asked for: timers are looked
 * at on the system's tick. The rest come as overruns, if at all. */
unsigned sigprof__clock_granted_hz(unsigned asked_hz);

/*
 * The clock in use refused a thread with this errno value. Moves every thread to
 * the next one, says so in the file, and returns 0, or SIGPROF_ECLOCK when there
 * is none.
 */
int sigprof__clock_fall_back(int error);

/*
 * The program arms (true) or disarms ITIMER_PROF for itself: an itimer clock of
 * ours gives way to it meanwhile. Thread-safe.
 */
void sigprof__clock_yield_itimer(bool program_armed);

/* For the drain: says in the file that it has given way. */
void sigprof__clock_tell(void);

/* Around an exec, where the clock cannot be ended. */
void sigprof__clock_hold_itimer(bool held);

/* Signal-safe. Is an ITIMER_PROF tick ours now? */
bool sigprof__clock_owns_itimer(void);

/* Signal-safe; for ticks that are not ours now. Is this one surely from a timer
 * that the program armed, and not a late one of ours? */
bool sigprof__clock_program_tick(void);

/* Control, in a forked child: timers are not inherited, the program's neither. */
void sigprof__clock_after_fork(void);

#endif
