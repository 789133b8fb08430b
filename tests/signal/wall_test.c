/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wall clock: who sleeps is charged, and is left asleep.
 *
 * Nothing here waits for a time: a test goes on until the profiler has counted
 * so and so much. What is compared with elapsed time is the profiler's own count.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "format.h"
#include "sigprof/sigprof.h"
#include "support/profile.h"
#include "support/run.h"
#include "test.h"

#define SLEEPERS 1000u
#define LONGER_MAX 27 /* times as long, then it has failed */
#define STACK_BYTES (64u << 10)
#ifdef __GLIBC__
#define FRAMES_LEAST 3u
#else
#define FRAMES_LEAST 1u /* musl has no tables: a guess may end behind the call */
#endif

enum { PLAIN, BY_FRAME_POINTER, MOVING, BLOCKED, BUSY, BUSY_BLOCKED };

struct thread {
    pthread_t thread;
    int kind;
    uint32_t label;
    int tid;
    _Atomic unsigned interrupted;
};

static struct thread threads[SLEEPERS + 8];
static unsigned thread_count;
static _Atomic unsigned ready;
static _Atomic bool leave;
static int wake[2]; /* a pipe: its end wakes the sleepers */

static void start(unsigned hz, const char *name)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = hz,
                                      .clock = SIGPROF_CLOCK_WALL,
                                      .out = run_path(name)};

    unlink(options.out); /* of a run before: else this one's is NAME.2 */
    CHECK_EQ(sigprof_start(&options), 0);
}

static struct sigprof_stats stats_now(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    CHECK_EQ(sigprof_stats(&stats), 0);
    return stats;
}

static void nap(void)
{
    nanosleep(&(struct timespec){0, 5000000}, NULL);
}

/* Until so many periods have been charged to each thread of so many. */
static void until_charged(uint64_t periods, unsigned of)
{
    struct sigprof_stats before = stats_now(), now;

    do {
        nap();
        now = stats_now();
    } while (now.taken + now.overrun - before.taken - before.overrun <
             periods * of);
}

/* ---- Threads ---------------------------------------------------------------- */

static void block_sigprof(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* A call that no flag of the handler's begins again. */
static bool woken(void)
{
    struct pollfd fd = {wake[0], 0, 0};

    return syscall(SYS_ppoll, &fd, 1, NULL, NULL, 0L) >= 0;
}

static void sleep_on(struct thread *me)
{
    ready++;
    while (!woken()) {
        CHECK_EQ(errno, EINTR);
        me->interrupted++;
    }
}

/* Its frame's size is known to its frame pointer only, which the calls below do not
 * save: so nobody can walk this stack who does not have that register. */
static __attribute__((noinline)) void sleep_in_a_frame(struct thread *me,
                                                       unsigned size)
{
    volatile char *room = __builtin_alloca(size);

    room[0] = 0;
    ready++;
    while (!woken()) {
        CHECK_EQ(errno, EINTR);
        me->interrupted++;
    }
    CHECK_EQ(room[0], 0);
}

/* The signal that asks where it is makes it sleep elsewhere. */
static __attribute__((noinline)) void move_on(struct thread *me, unsigned size)
{
    volatile char *room = __builtin_alloca(size);

    room[0] = 0;
    ready++;
    CHECK(!woken() && errno == EINTR);
    sigprof_label_set(me->label);
    sleep_in_a_frame(me, size);
    CHECK_EQ(room[0], 0);
}

static void spin(void)
{
    ready++;
    while (!leave)
        for (volatile unsigned i = 0; i < 1000; i = i + 1)
            ;
}

static void *run(void *arg)
{
    struct thread *me = arg;

    me->tid = (int)syscall(SYS_gettid);
    if (me->kind == BLOCKED || me->kind == BUSY_BLOCKED)
        block_sigprof();
    if (me->kind != MOVING)
        sigprof_label_set(me->label);
    if (me->kind == BUSY || me->kind == BUSY_BLOCKED)
        spin();
    else if (me->kind == BY_FRAME_POINTER)
        sleep_in_a_frame(me, 100 + me->label);
    else if (me->kind == MOVING)
        move_on(me, 100);
    else
        sleep_on(me);
    return NULL;
}

static void make(int kind, uint32_t label)
{
    struct thread *me = &threads[thread_count++];
    pthread_attr_t attributes;

    *me = (struct thread){.kind = kind, .label = label};
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
    CHECK_EQ(pthread_create(&me->thread, &attributes, run, me), 0);
    pthread_attr_destroy(&attributes);
}

static bool is_asleep(int tid)
{
    char path[64], text[256] = "";
    const char *state;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    file = fopen(path, "re");
    CHECK(file != NULL);
    CHECK(fgets(text, sizeof text, file) != NULL);
    fclose(file);
    state = strrchr(text, ')');
    return state && state[1] == ' ' && state[2] == 'S';
}

/* They say that they are ready a moment before they sleep, which can be long where
 * others have the CPU. */
static void until_ready(void)
{
    while (ready < thread_count)
        nap();
    for (unsigned i = 0; i < thread_count; i++)
        while (threads[i].kind < BUSY && !is_asleep(threads[i].tid))
            nap();
}

static void begin(void)
{
    thread_count = 0;
    ready = 0;
    leave = false;
    CHECK_EQ(pipe(wake), 0);
}

static void end(void)
{
    leave = true;
    close(wake[1]);
    for (unsigned i = 0; i < thread_count; i++)
        CHECK_EQ(pthread_join(threads[i].thread, NULL), 0);
    close(wake[0]);
}

/* ---- What the profile says --------------------------------------------------- */

struct charged {
    uint64_t periods, asleep, samples;
    uint64_t labelled; /* periods with any label, and with a stack */
    uint64_t used_ns, said_periods, cause; /* of EXIT */
    uint32_t label, frames_most;
};

static struct charged charged_to(const struct profile *profile, int tid)
{
    struct charged sum = {0};
    uint64_t pc[64];

    for (unsigned i = 0; i < profile->samples; i++) {
        const struct profile_sample *sample = &profile->sample[i];
        uint32_t frames;

        if (sample->tid != (uint32_t)tid)
            continue;
        CHECK(sample->state >= FORMAT_STATE_RUNNING &&
              sample->state <= FORMAT_STATE_WAITING);
        sum.periods += sample->weight;
        sum.samples++;
        sum.label = sample->label;
        if (sample->state == FORMAT_STATE_SLEEPING)
            sum.asleep += sample->weight;
        frames = profile_stack(profile, i, pc, 64);
        if (sample->label && frames >= FRAMES_LEAST)
            sum.labelled += sample->weight;
        sum.frames_most = frames > sum.frames_most ? frames : sum.frames_most;
    }
    for (unsigned i = 0; i < profile->threads; i++)
        if (profile->thread[i].tid == (uint32_t)tid &&
            profile->thread[i].is_exit) {
            sum.used_ns = profile->thread[i].cpu_ns;
            sum.said_periods = profile->thread[i].periods;
            sum.cause = profile->thread[i].cause;
        }
    return sum;
}

#define LAST_CHARGE_NS 200000000 /* a loaded machine lets the sampler wait */

/* Each was charged the time for which it was known, to a period or two, and what
 * passes on a loaded machine between the last charge and the account. false: by
 * chance that was longer, or a signal's sleeper waited long for the CPU. */
static bool check_sleeper(const struct profile *profile,
                          const struct thread *thread)
{
    struct charged sum = charged_to(profile, thread->tid);
    uint64_t period_ns = strtoull(profile_info(profile, "period_ns"), NULL, 10);
    int64_t off = (int64_t)(sum.periods - sum.used_ns / period_ns);

    CHECK(sum.used_ns > 0);
    CHECK_EQ(sum.periods, sum.said_periods);
    CHECK_EQ(sum.label, thread->label);
    CHECK(sum.frames_most >= FRAMES_LEAST);
    CHECK(off <= 2);
    if (off >= -8 - (int64_t)(LAST_CHARGE_NS / period_ns) &&
        sum.asleep * 10 >= sum.periods * 9)
        return true;
    printf("   thread %d: %llu periods, %llu of them asleep, in %llu ns\n",
           thread->tid, (unsigned long long)sum.periods,
           (unsigned long long)sum.asleep, (unsigned long long)sum.used_ns);
    return false;
}

static bool check_sleepers(const struct profile *profile, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!check_sleeper(profile, &threads[i]))
            return false;
    return true;
}

/* A case is run for `longer` times as long until chance does not spoil it: who is
 * woken once sleeps the rest of the time, however long it waited for a CPU. */
static void in_time(bool (*one_case)(unsigned longer))
{
    for (unsigned longer = 1; longer <= LONGER_MAX; longer *= 3)
        if (one_case(longer))
            return;
    FAIL("%d times as long, too", LONGER_MAX);
}

static unsigned interrupted_most(unsigned *in_all)
{
    unsigned most = 0;

    *in_all = 0;
    for (unsigned i = 0; i < thread_count; i++) {
        unsigned times = threads[i].interrupted;

        *in_all += times;
        most = times > most ? times : most;
    }
    return most;
}

/* ---- Tests ---------------------------------------------------------------------- */

static bool thousand(unsigned longer)
{
    struct profile profile;
    unsigned first, later;
    bool good;

    begin();
    for (unsigned i = 0; i < SLEEPERS; i++)
        make(PLAIN, 0);
    until_ready();
    make(BUSY, 0);
    make(BUSY, 0);
    until_ready();
    start(99, "thousand.sigprof");
    until_charged(3, thread_count);
    CHECK(interrupted_most(&first) <= 1);
    until_charged(100 * longer, thread_count);
    CHECK(interrupted_most(&later) <= 1);
    CHECK_EQ(later, first);
    CHECK_EQ(sigprof_stop(), 0);
    end();
    CHECK_EQ(profile_read(&profile, run_path("thousand.sigprof")), 0);
    good = check_sleepers(&profile, SLEEPERS);
    for (unsigned i = SLEEPERS; i < thread_count; i++)
        CHECK_EQ(charged_to(&profile, threads[i].tid).asleep, 0);
    CHECK(profile_imbalance(&profile) == 0);
    CHECK_EQ(profile_sheet(&profile, "dropped_full"), 0);
    printf("   %u sleepers: %u calls interrupted, then %u\n", SLEEPERS, first,
           later - first);
    profile_free(&profile);
    return good;
}

static void a_thousand_sleepers_are_charged_and_left_asleep(void)
{
    in_time(thousand);
}

/* Whoever waits for a CPU with a signal has not come to count it yet. */
static void until_interrupted(unsigned times)
{
    unsigned in_all;

    while (interrupted_most(&in_all), in_all < times)
        nap();
}

static bool by_frame_pointer(unsigned longer)
{
    struct profile profile;
    unsigned first, later;
    bool good;

    begin();
    for (unsigned i = 0; i < 50; i++)
        make(BY_FRAME_POINTER, 0);
    until_ready();
    start(99, "frames.sigprof");
    until_charged(3, thread_count);
    until_interrupted(50);
    interrupted_most(&first);
    until_charged(200 * longer, thread_count);
    interrupted_most(&later);
    printf("   50 sleepers: %u calls interrupted, then %u\n", first,
           later - first);
    CHECK(later <= 55); /* one more each would be 100 */
    CHECK_EQ(sigprof_stop(), 0);
    end();
    CHECK_EQ(profile_read(&profile, run_path("frames.sigprof")), 0);
    good = check_sleepers(&profile, thread_count);
    profile_free(&profile);
    return good;
}

static void a_stack_that_needs_more_registers_costs_one_signal(void)
{
    in_time(by_frame_pointer);
}

static bool elsewhere(unsigned longer)
{
    uint32_t label = sigprof_label_intern("sleeps", "elsewhere", 0);
    struct profile profile;
    bool good = true;

    begin();
    for (unsigned i = 0; i < 20; i++)
        make(i % 2 ? MOVING : PLAIN, i % 2 ? label : 0);
    until_ready();
    start(500, "elsewhere.sigprof");
    until_interrupted(thread_count / 2);
    until_charged(400 * longer, thread_count);
    CHECK_EQ(sigprof_stop(), 0);
    end();
    CHECK_EQ(profile_read(&profile, run_path("elsewhere.sigprof")), 0);
    for (unsigned i = 1; i < thread_count && good; i += 2) {
        struct charged sum = charged_to(&profile, threads[i].tid);

        good = check_sleeper(&profile, &threads[i]) &&
                  sum.labelled * 2 > sum.periods;
    }
    profile_free(&profile);
    return good;
}

static void who_sleeps_elsewhere_after_the_signal_is_found_there(void)
{
    in_time(elsewhere);
}

static bool labelled(unsigned longer)
{
    struct profile profile;
    bool good;

    begin();
    for (unsigned i = 0; i < 8; i++)
        make(i % 2 ? BY_FRAME_POINTER : PLAIN,
             sigprof_label_intern("worker", i < 4 ? "a" : "b", 0));
    until_ready();
    start(500, "labels.sigprof");
    until_charged(400 * longer, thread_count);
    CHECK_EQ(sigprof_stop(), 0);
    end();
    CHECK_EQ(profile_read(&profile, run_path("labels.sigprof")), 0);
    good = check_sleepers(&profile, thread_count);
    profile_free(&profile);
    return good;
}

static void a_sleeper_s_label_is_its_samples(void)
{
    in_time(labelled);
}

static bool blocked(unsigned longer)
{
    struct profile profile;
    struct charged sum;
    bool good;

    begin();
    make(BLOCKED, 0);
    make(BUSY_BLOCKED, 0);
    until_ready();
    start(500, "blocked.sigprof");
    do
        nap();
    while (stats_now().unsampled_blocked_ns < 500000000 * (int64_t)longer);
    CHECK_EQ(sigprof_stop(), 0);
    end();
    CHECK_EQ(profile_read(&profile, run_path("blocked.sigprof")), 0);
    good = check_sleeper(&profile, &threads[0]);
    sum = charged_to(&profile, threads[1].tid);
    CHECK_EQ(sum.samples, 0);
    CHECK_EQ(sum.cause, FORMAT_EXIT_BLOCKED);
    /* main is seen in our guard, at times: not for longer than this one spins. */
    CHECK(sum.used_ns >= 200000000);
    CHECK_EQ(profile_sheet(&profile, "foreign"), 0);
    profile_free(&profile);
    return good;
}

static void who_blocks_the_signal_is_sampled_asleep_and_said_to_block(void)
{
    in_time(blocked);
}

/* The system then has no room for the value that tells our signal from others. */
static void a_signal_without_its_value_is_still_ours(void)
{
    struct rlimit before, none = {0, 0};
    struct sigprof_stats stats;

    begin();
    make(BUSY, 0);
    make(BY_FRAME_POINTER, 0);
    until_ready();
    CHECK_EQ(getrlimit(RLIMIT_SIGPENDING, &before), 0);
    none.rlim_max = before.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_SIGPENDING, &none), 0);
    start(200, "bare.sigprof");
    until_charged(50, 2);
    until_interrupted(1);
    CHECK_EQ(setrlimit(RLIMIT_SIGPENDING, &before), 0);
    stats = stats_now();
    CHECK_EQ(stats.foreign, 0);
    CHECK(threads[1].interrupted <= 2); /* of fifty looks */
    CHECK_EQ(sigprof_stop(), 0);
    end();
}

/* The sampler and the drain are nobody's threads. */
static void only_threads_of_the_program_are_charged(void)
{
    for (unsigned round = 0; round < 30; round++) {
        struct sigprof_stats stats;

        start(10000, "own.sigprof");
        for (unsigned pass = 0; pass < 3; pass++)
            CHECK_EQ(sigprof_flush(), 0);
        CHECK_EQ(sigprof_pause(), 0);
        CHECK_EQ(sigprof_resume(), 0);
        CHECK_EQ(sigprof_flush(), 0);
        stats = stats_now();
        CHECK_EQ(stats.threads, 1);
        CHECK_EQ(sigprof_stop(), 0);
    }
}

/* The end of the sleep is no period without a stack. */
static bool up_to_the_end(unsigned longer)
{
    struct profile profile;
    struct charged sum;
    int tid = (int)syscall(SYS_gettid);

    (void)longer; /* the wait for a CPU, behind the sleep, is what chance can add */

    start(99, "up-to-the-end.sigprof");
    nanosleep(&(struct timespec){0, 700000000}, NULL);
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(profile_read(&profile, run_path("up-to-the-end.sigprof")), 0);
    sum = charged_to(&profile, tid);
    CHECK(sum.asleep > 0);
    profile_free(&profile);
    return sum.periods + 4 >= sum.used_ns * 99 / 1000000000;
}

static void a_sleep_is_charged_up_to_the_end(void)
{
    in_time(up_to_the_end);
}

static uint64_t cpu_ns(clockid_t clock)
{
    struct timespec used;

    CHECK_EQ(clock_gettime(clock, &used), 0);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* Eight for few CPUs: they wait most of the time. */
static void who_waits_for_a_cpu_is_not_said_to_run(void)
{
    struct profile profile;
    uint64_t used_ns, running = 0;

    begin();
    for (unsigned i = 0; i < 8; i++)
        make(BUSY, 0);
    until_ready();
    used_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    start(500, "contended.sigprof");
    until_charged(200, thread_count);
    CHECK_EQ(sigprof_stop(), 0);
    used_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - used_ns;
    end();
    CHECK_EQ(profile_read(&profile, run_path("contended.sigprof")), 0);
    for (unsigned i = 0; i < profile.samples; i++)
        if (profile.sample[i].state == FORMAT_STATE_RUNNING)
            running += profile.sample[i].weight;
    CHECK(running > 0);
    CHECK(running <= used_ns / 2000000 + 2 * thread_count);
    profile_free(&profile);
}

static void *sleep_a_little(void *arg)
{
    nanosleep(&(struct timespec){0, 3000000}, NULL);
    return arg;
}

/* Late signals of slots that are free again, or whose thread is about to end. */
static void threads_come_and_go_under_ten_thousand_looks_a_second(void)
{
    struct sigprof_stats stats;
    uint64_t born = 0;

    begin();
    make(PLAIN, 0);
    make(BY_FRAME_POINTER, 0);
    until_ready();
    start(10000, "storm.sigprof");
    for (unsigned round = 0; round < 60; round++) {
        pthread_t some[16];
        pid_t child = -1;

        for (unsigned i = 0; i < 16; i++, born++)
            CHECK_EQ(pthread_create(&some[i], NULL, sleep_a_little, NULL), 0);
        if (round % 20 == 5) {
            child = fork();
            if (child == 0)
                _exit(sigprof_stop() == 0 ? 0 : 1);
            CHECK(child > 0);
        }
        if (round % 3 == 0) {
            CHECK_EQ(sigprof_pause(), 0);
            CHECK_EQ(sigprof_resume(), 0);
        }
        for (unsigned i = 0; i < 16; i++)
            CHECK_EQ(pthread_join(some[i], NULL), 0);
        if (child > 0) {
            int status;

            CHECK_EQ(waitpid(child, &status, 0), child);
            CHECK_EQ(status, 0);
        }
        if (round % 30 == 29) {
            CHECK_EQ(sigprof_stop(), 0);
            start(10000, "storm.sigprof");
        }
    }
    stats = stats_now();
    CHECK(stats.foreign == 0);
    CHECK_EQ(sigprof_stop(), 0);
    end();
    printf("   %llu threads\n", (unsigned long long)born);
}

static void *attach_and_detach(void *arg)
{
    while (!atomic_load(&leave)) {
        CHECK_EQ(sigprof_thread_attach(NULL), 0);
        CHECK_EQ(sigprof_thread_detach(), 0);
    }
    return arg;
}

/* A thread that is born while the clock begins or ends is armed once, or not at all. */
static void births_meet_pauses(void)
{
    pthread_t some[3];

    begin();
    start(10000, "births.sigprof");
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&some[i], NULL, attach_and_detach, NULL), 0);
    for (unsigned i = 0; i < 2000; i++) {
        CHECK_EQ(sigprof_pause(), 0);
        CHECK_EQ(sigprof_resume(), 0);
    }
    atomic_store(&leave, true);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(pthread_join(some[i], NULL), 0);
    CHECK_EQ(sigprof_stop(), 0);
    end();
}

int main(void)
{
    RUN(a_thousand_sleepers_are_charged_and_left_asleep);
    RUN(a_stack_that_needs_more_registers_costs_one_signal);
    RUN(who_blocks_the_signal_is_sampled_asleep_and_said_to_block);
    RUN(a_sleeper_s_label_is_its_samples);
    RUN(who_sleeps_elsewhere_after_the_signal_is_found_there);
    RUN(a_signal_without_its_value_is_still_ours);
    RUN(only_threads_of_the_program_are_charged);
    RUN(a_sleep_is_charged_up_to_the_end);
    RUN(who_waits_for_a_cpu_is_not_said_to_run);
    RUN(threads_come_and_go_under_ten_thousand_looks_a_second);
    RUN(births_meet_pauses);
    return 0;
}
