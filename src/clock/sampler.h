/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread of ours, the sampler, that comes by the program's threads once a period: for
 * the clocks that no timer of the system makes tick (wall.h, polled.c).
 *
 * Ticks are numbered by the elapsed time, so one that comes late is charged for
 * those it has missed. Threads wait in lists by the tick at which they are to be
 * looked at next: a tick touches those, and no other. The time between two looks grows
 * with the time that a thread has not moved, up to LOOKS_APART ticks: a thousand
 * sleepers are not asked a thousand times a period.
 *
 * What a thread is owed stands in its slot, by state; its handler takes all of it, when
 * the sampler's signal comes. A thread that waits for a CPU, or blocks SIGPROF, goes on
 * being owed meanwhile.
 */
#ifndef SIGPROF_CLOCK_SAMPLER_H
#define SIGPROF_CLOCK_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

struct ring_owner;
struct slot;
struct wall_account;

/* What the sampler puts into the ring goes into blocks of its own, which hold records of
 * many threads: a block for each sleeper would be the whole ring. threads_lock. */
extern struct ring_owner sigprof__sampler_block;

/* Charges a thread for the ticks up to this one; threads_lock is held. false: it has
 * ended. */
typedef bool sampler_look(struct slot *slot, uint32_t tick);

/* Control. Returns 0 or a SIGPROF_E… code. */
int sigprof__sampler_begin(sampler_look *look);
void sigprof__sampler_end(void); /* also where there is none */

/* The rest with threads_lock. */

/* The number of the tick that was last due. */
uint32_t sigprof__sampler_tick(void);

/* The thread is looked at from now on, first at the next tick; or no more. */
void sigprof__sampler_add(struct slot *slot);
void sigprof__sampler_remove(struct slot *slot);

/* Signals the thread, so that it takes what it is owed; but once until it has. */
void sigprof__sampler_ask(struct slot *slot);

/* Periods that no handler has taken yet. */
uint32_t sigprof__sampler_owed(const struct wall_account *wall);
void sigprof__sampler_forget_owed(struct wall_account *wall);

/* For anybody. */

/* Thread id of the sampler; 0: there is none. */
int sigprof__sampler_tid(void);

/* CPU time that it has used in this session, nanoseconds. */
uint64_t sigprof__sampler_own_ns(void);

/* Is this the sampler's start routine? */
bool sigprof__sampler_is_start(void *(*start)(void *));

/* In a forked child: the sampler is not here. */
void sigprof__sampler_after_fork(void);

#endif
