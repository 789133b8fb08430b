/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts with ideas of their own: those that keep SIGPROF's handler, and threads that
 * can be sampled at their hook only.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "format.h"
#include "sigprof/sigprof.h"
#include "support/profile.h"
#include "support/run.h"
#include "test.h"

#define SAMPLES_WANTED 20

static struct sigprof_options options_for(const char *name, unsigned clock)
{
    return (struct sigprof_options){.size = sizeof(struct sigprof_options),
                                    .hz = 997,
                                    .clock = clock,
                                    .out = run_path(name)};
}

static uint64_t taken(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    CHECK_EQ(sigprof_stats(&stats), 0);
    return stats.taken;
}

static int64_t cpu_ns(void)
{
    struct timespec used;

    CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), 0);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

/* For some periods, however fast the CPU is. */
static void spin(void)
{
    int64_t until = cpu_ns() + 6000000;

    do
        for (volatile unsigned i = 0; i < 100000; i = i + 1)
            ;
    while (cpu_ns() < until);
}

/* ---- A handler of the host's ----------------------------------------------- */

static volatile sig_atomic_t ours, theirs, errors;

static void handle(int number, siginfo_t *info, void *ucontext)
{
    errno = 99;
    if (sigprof_handle_signal(number, info, ucontext))
        ours = ours + 1;
    else
        theirs = theirs + 1;
    errors = errors + (errno != 99);
}

static void install(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};

    action.sa_sigaction = handle;
    sigfillset(&action.sa_mask);
    CHECK_EQ(sigaction(SIGPROF, &action, NULL), 0);
}

static bool is_installed(void)
{
    struct sigaction now;

    CHECK_EQ(sigaction(SIGPROF, NULL, &now), 0);
    return (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle;
}

static void a_host_that_handles_nothing_is_refused(void)
{
    struct sigprof_options options = options_for("refused", 0);

    options.host_handles = 1;
    CHECK_EQ(sigprof_start(&options), SIGPROF_EINVAL);
    CHECK_EQ(sigprof_stop(), SIGPROF_EOFF);
}

static void a_hosts_own_handler_stays_and_gets_its_own(unsigned clock)
{
    struct sigprof_options options = options_for("host", clock);
    struct profile profile;

    ours = theirs = 0;
    install();
    options.host_handles = 1;
    CHECK_EQ(sigprof_start(&options), 0);
    while (taken() < SAMPLES_WANTED)
        spin();
    CHECK(ours > 0);
    CHECK_EQ(theirs, 0);
    pthread_kill(pthread_self(), SIGPROF);
    CHECK_EQ(theirs, 1);
    CHECK_EQ(sigprof_flush(), 0); /* looks whose handler is there, too */
    CHECK(is_installed());
    CHECK_EQ(sigprof_stop(), 0);
    CHECK(is_installed());
    pthread_kill(pthread_self(), SIGPROF);
    CHECK_EQ(theirs, 2);
    CHECK_EQ(errors, 0);
    CHECK_EQ(sigprof_handle_signal(SIGUSR1, NULL, NULL), 0);
    CHECK_EQ(profile_read(&profile, run_path("host")), 0);
    CHECK(profile.samples >= SAMPLES_WANTED);
    for (uint32_t i = 0; i < profile.samples; i++)
        CHECK_EQ(profile.sample[i].lag_ns, 0);
    profile_free(&profile);
}

static void by_each_clock_a_hosts_own_handler_stays(void)
{
    a_hosts_own_handler_stays_and_gets_its_own(SIGPROF_CLOCK_AUTO);
    a_hosts_own_handler_stays_and_gets_its_own(SIGPROF_CLOCK_ITIMER);
    a_hosts_own_handler_stays_and_gets_its_own(SIGPROF_CLOCK_WALL);
    signal(SIGPROF, SIG_IGN);
    signal(SIGPROF, SIG_DFL);
}

/* ---- A hook ---------------------------------------------------------------- */

/* Its bounds are the section's. */
#define HOOK __attribute__((noinline, section("at_hook")))
extern const char __start_at_hook[], __stop_at_hook[];

static volatile int hooked;

HOOK static void come_to_hook(void)
{
    hooked += sigprof_sample_here();
}

static bool is_at_hook(uint64_t pc)
{
    return pc >= (uintptr_t)__start_at_hook && pc <= (uintptr_t)__stop_at_hook;
}

static void check_hooked(const char *name)
{
    struct profile profile;
    uint64_t pc[64], weight = 0;
    unsigned late = 0;

    CHECK_EQ(profile_read(&profile, run_path(name)), 0);
    for (uint32_t i = 0; i < profile.samples; i++) {
        const struct profile_sample *sample = &profile.sample[i];
        uint32_t count = profile_stack(&profile, i, pc, 64);

        late += sample->lag_ns > 0; /* else the tick came at the hook */
        CHECK(count > 1);
        CHECK(is_at_hook(pc[0]));
        CHECK(!is_at_hook(pc[1]));
#if defined __GLIBC__ && !defined __arm__ && !defined __riscv && !defined __mips__ && \
    !defined __sparc__
        CHECK_EQ(sample->end, 0);
#else /* which tell little of where a thread begins, as musl does */
        CHECK_EQ(sample->end & FORMAT_END_REASON_MASK, FORMAT_END_COMPLETE);
#endif
        weight += sample->weight;
    }
    CHECK(late >= SAMPLES_WANTED);
    CHECK(weight > profile.samples); /* many ticks came before each hook */
    printf("   %u samples of %llu periods\n", profile.samples,
           (unsigned long long)weight);
    profile_free(&profile);
}

static void run_to_hook(unsigned clock, unsigned unwind, bool host_handles)
{
    struct sigprof_options options = options_for("hook", clock);

    options.unwind = unwind;
    options.host_handles = host_handles;
    CHECK_EQ(sigprof_thread_defer(1), 0);
    CHECK_EQ(sigprof_thread_defer(1), 1);
    CHECK_EQ(sigprof_start(&options), 0);
    hooked = 0;
    while (hooked < SAMPLES_WANTED) {
        spin();
        come_to_hook();
    }
    /* First: a tick between would be a sample of its own. */
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(sigprof_thread_defer(0), 1);
    come_to_hook();
}

static void a_thread_that_defers_is_sampled_at_its_hook(void)
{
    run_to_hook(SIGPROF_CLOCK_THREAD, SIGPROF_UNWIND_CFI, false);
    check_hooked("hook");
}

static void so_it_is_by_the_process_timer(void)
{
    run_to_hook(SIGPROF_CLOCK_ITIMER, SIGPROF_UNWIND_CFI, false);
    check_hooked("hook");
}

static void and_where_the_host_handles_the_signal(void)
{
    install();
    run_to_hook(SIGPROF_CLOCK_AUTO, SIGPROF_UNWIND_CFI, true);
    check_hooked("hook");
    signal(SIGPROF, SIG_DFL);
}

/* A record for each state that the thread was in since. */
static void by_the_wall_clock_what_is_owed_waits(void)
{
    struct profile profile;
    uint64_t pc[64];
    uint32_t late = 0;

    run_to_hook(SIGPROF_CLOCK_WALL, SIGPROF_UNWIND_CFI, false);
    CHECK_EQ(profile_read(&profile, run_path("hook")), 0);
    for (uint32_t i = 0; i < profile.samples; i++) {
        uint32_t count = profile_stack(&profile, i, pc, 64);

        if (!profile.sample[i].lag_ns)
            continue; /* the thread's end, and what came after it deferred */
        late++;
        CHECK(count > 1);
        CHECK(is_at_hook(pc[0]));
    }
    CHECK(late >= SAMPLES_WANTED);
    profile_free(&profile);
}

/* Its ticks are in the balance. */
static void who_never_comes_to_the_hook_is_counted(void)
{
    struct sigprof_options options = options_for("never", SIGPROF_CLOCK_THREAD);
    struct sigprof_stats stats = {.size = sizeof stats};
    struct profile profile;

    sigprof_thread_defer(1);
    CHECK_EQ(sigprof_start(&options), 0);
    do {
        spin();
        CHECK_EQ(sigprof_stats(&stats), 0);
    } while (stats.due_ns < 300000000);
    CHECK_EQ(sigprof_stop(), 0);
    sigprof_thread_defer(0);
    CHECK_EQ(sigprof_stats(&stats), 0);
    CHECK(stats.dropped_busy > 0);
    CHECK_EQ(profile_read(&profile, run_path("never")), 0);
    CHECK_EQ(profile.samples, 0);
    CHECK_EQ(profile_sheet(&profile, "dropped_busy"), stats.dropped_busy);
    profile_free(&profile);
}

static void a_hook_without_ticks_takes_nothing(void)
{
    struct sigprof_options options = options_for("none", SIGPROF_CLOCK_THREAD);

    CHECK_EQ(sigprof_sample_here(), 0); /* sampling is off */
    options.paused = 1;
    CHECK_EQ(sigprof_thread_defer(1), 0);
    CHECK_EQ(sigprof_start(&options), 0);
    for (unsigned i = 0; i < 20; i++) {
        spin();
        CHECK_EQ(sigprof_sample_here(), 0);
    }
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(taken(), 0);
    CHECK_EQ(sigprof_thread_defer(0), 1);
}

static void a_hook_that_blocks_the_signal_tries_again(void)
{
    struct sigprof_options options = options_for("blocks", SIGPROF_CLOCK_THREAD);
    sigset_t profiling, before;

    sigemptyset(&profiling);
    sigaddset(&profiling, SIGPROF);
    CHECK_EQ(sigprof_thread_defer(1), 0);
    CHECK_EQ(sigprof_start(&options), 0);
    do {
        spin();
        pthread_sigmask(SIG_BLOCK, &profiling, &before);
        CHECK_EQ(sigprof_sample_here(), 0);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    } while (!sigprof_sample_here());
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(sigprof_thread_defer(0), 1);
    CHECK(taken() >= 1);
}

int main(void)
{
    RUN(a_host_that_handles_nothing_is_refused);
    RUN(a_thread_that_defers_is_sampled_at_its_hook);
    RUN(so_it_is_by_the_process_timer);
    RUN(by_the_wall_clock_what_is_owed_waits);
    RUN(who_never_comes_to_the_hook_is_counted);
    RUN(a_hook_without_ticks_takes_nothing);
    RUN(a_hook_that_blocks_the_signal_tries_again);
    RUN(by_each_clock_a_hosts_own_handler_stays);
    RUN(and_where_the_host_handles_the_signal);
    return 0;
}
