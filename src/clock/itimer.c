/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setitimer(ITIMER_PROF): one timer for the process, the fallback. Its signal
 * goes to whichever thread the kernel picks among the running ones, a tick at
 * most CONFIG_HZ times a second for the whole process, and what is missed is not
 * counted by anybody: with several busy threads it undercounts, and is unfair.
 *
 * It outlives an exec and would then kill the new program: whoever executes
 * disarms it first (sigprof__hook_exec); without
 * the preload object nobody does, which the manual says. There is one in a process: while the
 * program has it armed, ours gives way.
 */
#include "clock/clock.h"

#include <stddef.h>
#include <sys/time.h>

#include "os/os.h"
#include "sigprof_impl.h"
#include "sys.h"

/* Exchanged, which riscv64 does with no bool unless libatomic is linked. */
static atomic_int armed;
static _Atomic bool yielded;
static atomic_int unsaid; /* it has yielded, and the file does not know */
static _Atomic bool used; /* ever: a late tick may be on its way */
static _Atomic unsigned theirs; /* ticks since the program armed it, or ours */

static int set_period(uint64_t ns)
{
    return sigprof__sys.set_timer(sigprof__os_process_timer, ns) == 0
               ? 0
               : SIGPROF_ECLOCK;
}

static int begin(void)
{
    atomic_store(&used, true);
    atomic_store(&armed, 1);
    return atomic_load(&yielded) ? 0 : set_period(sigprof__state.period_ns);
}

/* The program's setitimer may be called where no lock can be taken. */
void sigprof__clock_tell(void)
{
    if (atomic_exchange(&unsaid, 0))
        sigprof__clock_say(sigprof__clock_first(SIGPROF_CLOCK_ITIMER),
                           "the program armed ITIMER_PROF for itself: no samples "
                           "while it has it");
}

static void end(void)
{
    sigprof__clock_tell();
    if (atomic_exchange(&armed, 0) && !atomic_load(&yielded))
        set_period(0);
}

void sigprof__clock_yield_itimer(bool program_armed)
{
    atomic_store(&theirs, 0);
    atomic_store(&yielded, program_armed);
    if (program_armed && atomic_load(&armed)) {
        atomic_store(&unsaid, 1);
        if (sigprof__os_process_timer != ITIMER_PROF)
            set_period(0); /* it does not take ours away by itself */
    }
    if (!program_armed && atomic_load(&armed))
        set_period(sigprof__state.period_ns);
}

void sigprof__clock_hold_itimer(bool held)
{
    if (sigprof__clock_owns_itimer())
        set_period(held ? 0 : sigprof__state.period_ns);
}

bool sigprof__clock_owns_itimer(void)
{
    return atomic_load_explicit(&armed, memory_order_relaxed) &&
           !atomic_load_explicit(&yielded, memory_order_relaxed);
}

/*
 * A tick of ours may be on its way when the program arms the timer, and looks
 * the same. If the program's has run out it was that one; if it repeats, the
 * second tick is surely its own.
 */
bool sigprof__clock_program_tick(void)
{
    struct itimerval left;

    if (!atomic_load(&used))
        return true;
    if (!atomic_load(&yielded) || getitimer(ITIMER_PROF, &left) != 0)
        return false;
    return (left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0) ||
           atomic_fetch_add(&theirs, 1) > 0;
}

void sigprof__clock_after_fork(void)
{
    atomic_store(&armed, 0);
    atomic_store(&yielded, false);
}

const struct clock_ops sigprof__itimer = {begin, end, NULL, NULL};
