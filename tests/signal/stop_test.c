/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of sampling: what is still on its way does no harm, and what the
 * program had is given back.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "sigprof/sigprof.h"
#include "support/run.h"
#include "support/ticks.h"
#include "test.h"

static void start(unsigned clock)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 10000,
                                      .clock = clock,
                                      .out = run_path("stop-%p")};

    CHECK_EQ(sigprof_start(&options), 0);
}

static uint64_t taken(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    CHECK_EQ(sigprof_stats(&stats), 0);
    return stats.taken;
}

static void until_sampled(void)
{
    uint64_t before = taken();

    while (taken() == before)
        for (volatile unsigned i = 0; i < 100000; i = i + 1)
            ;
}

static void *action_now(void)
{
    struct sigaction now;

    CHECK_EQ(sigaction(SIGPROF, NULL, &now), 0);
    return now.sa_flags & SA_SIGINFO ? (void *)(size_t)now.sa_sigaction
                                     : (void *)(size_t)now.sa_handler;
}

static void a_late_tick_of_ours_meets_our_handler(void)
{
    struct ticks_thread self;
    uint64_t before;

    start(SIGPROF_CLOCK_THREAD);
    CHECK(ticks_self(&self));
    until_sampled();
    CHECK_EQ(sigprof_stop(), 0);
    CHECK(action_now() != (void *)(size_t)SIG_DFL);
    before = taken();
    for (unsigned i = 0; i < 100; i++)
        ticks_raise(&self); /* would kill under SIG_DFL */
    CHECK_EQ(taken(), before);
}

static void a_late_tick_of_the_process_timer_does_no_harm(void)
{
    siginfo_t info;

    start(SIGPROF_CLOCK_ITIMER);
    until_sampled();
    CHECK_EQ(sigprof_stop(), 0);
    memset(&info, 0, sizeof info);
    info.si_signo = SIGPROF;
    info.si_code = SI_KERNEL;
    for (unsigned i = 0; i < 100; i++)
        syscall(SYS_rt_tgsigqueueinfo, getpid(), (int)syscall(SYS_gettid),
                SIGPROF, &info);
}

static void ticks_of_a_life_before_are_not_samples_of_this_one(void)
{
    struct ticks_thread before, now;
    struct sigprof_stats stats = {.size = sizeof stats};
    uint64_t taken_before;

    start(SIGPROF_CLOCK_THREAD);
    CHECK(ticks_self(&before));
    CHECK_EQ(sigprof_stop(), 0);
    start(SIGPROF_CLOCK_THREAD);
    CHECK(ticks_self(&now));
    CHECK(before.value != now.value);
    CHECK_EQ(sigprof_pause(), 0);
    taken_before = taken();
    CHECK_EQ(sigprof_resume(), 0);
    for (unsigned i = 0; i < 2000; i++)
        ticks_raise(&before);
    CHECK_EQ(sigprof_pause(), 0);
    CHECK_EQ(sigprof_stats(&stats), 0);
    CHECK(stats.taken - taken_before < 1000); /* its own ticks are few */
    CHECK_EQ(sigprof_stop(), 0);
}

static volatile sig_atomic_t own;

static void own_handler(int number)
{
    (void)number;
    own = own + 1;
}

static void own_action(int number, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    own_handler(number);
}

static void the_program_s_handler_is_back_after_a_stop(void)
{
    struct sigaction mine = {.sa_handler = own_handler,
                             .sa_flags = SA_RESTART | SA_NODEFER};
    struct sigaction now;

    sigaddset(&mine.sa_mask, SIGUSR1);
    CHECK_EQ(sigaction(SIGPROF, &mine, NULL), 0);
    start(SIGPROF_CLOCK_AUTO);
    CHECK(action_now() != (void *)(size_t)own_handler);
    own = 0;
    until_sampled();
    CHECK_EQ(own, 0); /* ours never go to it */
    raise(SIGPROF);
    CHECK_EQ(own, 1); /* its own do */
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(sigaction(SIGPROF, NULL, &now), 0);
    CHECK(now.sa_handler == own_handler);
    CHECK_EQ(now.sa_flags & (SA_RESTART | SA_NODEFER | SA_SIGINFO),
             SA_RESTART | SA_NODEFER);
    CHECK_EQ(sigismember(&now.sa_mask, SIGUSR1), 1);
    raise(SIGPROF);
    CHECK_EQ(own, 2);
}

/* By timers and queues as ours, with values of its own. */
static void the_program_s_signals_with_a_value_reach_it(void)
{
    struct sigaction mine = {.sa_handler = own_handler};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGPROF};
    struct itimerspec soon = {.it_value = {0, 1}};
    timer_t timer;

    CHECK_EQ(sigaction(SIGPROF, &mine, NULL), 0);
    start(SIGPROF_CLOCK_WALL);
    own = 0;
    CHECK_EQ(sigqueue(getpid(), SIGPROF, (union sigval){.sival_int = 0}), 0);
    CHECK_EQ(own, 1);
    CHECK_EQ(sigqueue(getpid(), SIGPROF, (union sigval){.sival_int = 0x10000}),
             0);
    CHECK_EQ(own, 2);
    event.sigev_value.sival_ptr = &timer;
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
    while (own < 3)
        usleep(1000);
    CHECK_EQ(timer_delete(timer), 0);
    CHECK_EQ(sigprof_stop(), 0);
}

static void a_three_argument_handler_gets_its_three_arguments(void)
{
    struct sigaction mine = {.sa_sigaction = own_action,
                             .sa_flags = SA_SIGINFO};

    CHECK_EQ(sigaction(SIGPROF, &mine, NULL), 0);
    start(SIGPROF_CLOCK_AUTO);
    own = 0;
    raise(SIGPROF);
    CHECK_EQ(own, 1);
    CHECK_EQ(sigprof_stop(), 0);
    CHECK(action_now() == (void *)(size_t)own_action);
}

static void sig_dfl_is_never_put_back(void)
{
    struct sigaction none = {.sa_handler = SIG_DFL};

    CHECK_EQ(sigaction(SIGPROF, &none, NULL), 0);
    start(SIGPROF_CLOCK_AUTO);
    until_sampled();
    CHECK_EQ(sigprof_stop(), 0);
    CHECK(action_now() != (void *)(size_t)SIG_DFL);
    CHECK(action_now() != (void *)(size_t)SIG_IGN);
    raise(SIGPROF);
}

static void an_ignored_signal_may_stay_ours(void)
{
    struct sigaction none = {.sa_handler = SIG_IGN};

    CHECK_EQ(sigaction(SIGPROF, &none, NULL), 0);
    start(SIGPROF_CLOCK_AUTO);
    raise(SIGPROF);
    CHECK_EQ(sigprof_stop(), 0);
    raise(SIGPROF);
}

static void no_timer_is_left(void)
{
    struct ticks_thread threads[4];
    struct itimerval left;

    start(SIGPROF_CLOCK_THREAD);
    /* An emulator has threads of its own, which the sweep finds. */
    CHECK(ticks_threads(threads, 4) == 1 || test_is_emulated());
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(ticks_threads(threads, 4), 0);
    start(SIGPROF_CLOCK_ITIMER);
    CHECK_EQ(getitimer(ITIMER_PROF, &left), 0);
    CHECK(left.it_interval.tv_usec != 0);
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(getitimer(ITIMER_PROF, &left), 0);
    CHECK_EQ(left.it_interval.tv_sec + left.it_interval.tv_usec +
                 left.it_value.tv_sec + left.it_value.tv_usec,
             0);
}

static void each_call_says_what_state_it_is_in(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    CHECK_EQ(sigprof_stop(), SIGPROF_EOFF);
    CHECK_EQ(sigprof_pause(), SIGPROF_EOFF);
    CHECK_EQ(sigprof_resume(), SIGPROF_EOFF);
    CHECK(sigprof_flush() != 0);
    start(SIGPROF_CLOCK_AUTO);
    CHECK_EQ(sigprof_start(NULL), SIGPROF_EBUSY);
    CHECK_EQ(sigprof_resume(), 0);
    CHECK_EQ(sigprof_pause(), 0);
    CHECK_EQ(sigprof_pause(), 0);
    CHECK_EQ(sigprof_flush(), 0);
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(sigprof_stats(&stats), 0); /* works after a stop */
    stats.size = 1;
    CHECK_EQ(sigprof_stats(&stats), SIGPROF_EINVAL);
    CHECK_EQ(sigprof_stats(NULL), SIGPROF_EINVAL);
}

static void what_runs_while_paused_is_paused_s(void)
{
    struct sigprof_stats before = {.size = sizeof before};
    struct sigprof_stats after = {.size = sizeof after};

    start(SIGPROF_CLOCK_AUTO);
    until_sampled();
    CHECK_EQ(sigprof_pause(), 0);
    CHECK_EQ(sigprof_stats(&before), 0);
    do {
        for (volatile unsigned i = 0; i < 1000000; i = i + 1)
            ;
        CHECK_EQ(sigprof_stats(&after), 0);
    } while (after.due_ns < before.due_ns + 50000000);
    CHECK_EQ(after.taken, before.taken);
    CHECK(after.unsampled_paused_ns - before.unsampled_paused_ns > 45000000);
    CHECK_EQ(sigprof_stop(), 0); /* a pause that nobody ends */
    before.unsampled_paused_ns = after.unsampled_paused_ns;
    CHECK_EQ(sigprof_stats(&after), 0);
    CHECK(after.unsampled_paused_ns >= before.unsampled_paused_ns);
    CHECK(after.unsampled_running_ns < 45000000);
}

int main(void)
{
    RUN(a_late_tick_of_ours_meets_our_handler);
    RUN(a_late_tick_of_the_process_timer_does_no_harm);
    RUN(ticks_of_a_life_before_are_not_samples_of_this_one);
    RUN(sig_dfl_is_never_put_back);
    RUN(the_program_s_handler_is_back_after_a_stop);
    RUN(the_program_s_signals_with_a_value_reach_it);
    RUN(a_three_argument_handler_gets_its_three_arguments);
    RUN(an_ignored_signal_may_stay_ours);
    RUN(no_timer_is_left);
    RUN(each_call_says_what_state_it_is_in);
    RUN(what_runs_while_paused_is_paused_s);
    return 0;
}
