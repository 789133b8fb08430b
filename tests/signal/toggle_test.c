/* SPDX-License-Identifier: BSD-2-Clause */
/* The toggle: a thousand times under load, and nothing is left of it. */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "sigprof/sigprof.h"
#include "support/profile.h"
#include "support/run.h"
#include "support/ticks.h"
#include "test.h"

#define BUSY 3

static _Atomic bool enough;

static void *busy(void *arg)
{
    while (!atomic_load(&enough))
        for (volatile unsigned i = 0; i < 10000; i = i + 1)
            ;
    return arg;
}

static void *idle(void *arg)
{
    while (!atomic_load(&enough))
        usleep(1000);
    return arg;
}

struct owned {
    unsigned descriptors, threads, timers, maps;
};

static unsigned count_entries(const char *path)
{
    DIR *directory = opendir(path);
    unsigned count = 0;

    CHECK(directory != NULL);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static unsigned count_lines(const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned count = 0;
    char line[4096];

    CHECK(file != NULL);
    while (fgets(line, sizeof line, file))
        count++;
    fclose(file);
    return count;
}

static void look(struct owned *owned)
{
    struct ticks_thread timers[64];

    *owned = (struct owned){count_entries("/proc/self/fd"),
                            count_entries("/proc/self/task"),
                            ticks_threads(timers, 64),
                            count_lines("/proc/self/maps")};
}

static uint64_t toggles(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    CHECK_EQ(sigprof_stats(&stats), 0);
    return stats.toggles;
}

static uint64_t taken(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    CHECK_EQ(sigprof_stats(&stats), 0);
    return stats.taken;
}

static void start(unsigned mode, unsigned paused)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 1000,
                                      .mode = mode,
                                      .paused = paused,
                                      .clock = SIGPROF_CLOCK_THREAD,
                                      .toggle = "USR2",
                                      .out = run_path("toggle-%p")};

    CHECK_EQ(sigprof_start(&options), 0);
}

/* One at a time: signals that are pending together are one. */
static void toggle(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        uint64_t before = toggles();

        CHECK_EQ(kill(getpid(), SIGUSR2), 0);
        while (toggles() == before)
            usleep(100);
    }
}

static void until_sampled(void)
{
    uint64_t before = taken();

    while (taken() == before)
        usleep(1000);
}

static void a_thousand_times(unsigned mode)
{
    struct ticks_thread timer;
    struct owned before, after;
    uint64_t samples;

    start(mode, 0);
    until_sampled();
    CHECK(ticks_self(&timer));
    look(&before);
    toggle(test_is_long() ? 10000 : 1000);
    until_sampled(); /* it is on: their number is even */
    look(&after);
    CHECK_EQ(after.descriptors, before.descriptors);
    CHECK_EQ(after.threads, before.threads);
    CHECK_EQ(after.timers, before.timers);
    if (after.maps > before.maps + 4)
        FAIL("%u mappings more", after.maps - before.maps);
    toggle(1);
    samples = taken();
    for (unsigned i = 0; i < 1000; i++)
        ticks_raise(&timer); /* late ticks */
    CHECK_EQ(taken(), samples);
    for (unsigned i = 0; i < 1000; i++)
        kill(getpid(), SIGUSR2); /* as fast as they come */
    CHECK_EQ(sigprof_stop(), 0);
    kill(getpid(), SIGUSR2); /* harmless */
}

static void under_load_nothing_leaks(void)
{
    pthread_t threads[2 * BUSY];

    atomic_store(&enough, false);
    for (unsigned i = 0; i < 2 * BUSY; i++)
        pthread_create(&threads[i], NULL, i < BUSY ? busy : idle, NULL);
    a_thousand_times(SIGPROF_MODE_RECORD);
    a_thousand_times(SIGPROF_MODE_FLIGHT);
    atomic_store(&enough, true);
    for (unsigned i = 0; i < 2 * BUSY; i++)
        pthread_join(threads[i], NULL);
}

static void a_paused_start_waits_for_the_signal(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    start(SIGPROF_MODE_RECORD, 1);
    CHECK_EQ(taken(), 0);
    toggle(1);
    while (taken() == 0)
        for (volatile unsigned i = 0; i < 100000; i = i + 1)
            ;
    CHECK_EQ(sigprof_pause(), 0); /* calls and signals are one switch */
    toggle(1);
    until_sampled();
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(sigprof_stats(&stats), 0);
    CHECK_EQ(stats.toggles, 2);
}

static void a_flight_recorder_writes_when_it_is_paused(void)
{
    struct profile profile;
    char path[64];

    snprintf(path, sizeof path, "toggle-%d", (int)getpid());
    unlink(run_path(path));
    start(SIGPROF_MODE_FLIGHT, 0);
    while (taken() < 5)
        for (volatile unsigned i = 0; i < 100000; i = i + 1)
            ;
    toggle(1);
    CHECK_EQ(profile_read(&profile, run_path(path)), 0);
    CHECK_EQ(profile.samples, taken());
    profile_free(&profile);
    CHECK_EQ(sigprof_stop(), 0);
}

static volatile sig_atomic_t own;

static void own_handler(int number)
{
    (void)number;
    own = own + 1;
}

/* The program comes first, whenever it comes. */
static void a_signal_of_the_program_s_is_not_taken(void)
{
    struct sigprof_options options = {.size = sizeof options, .toggle = "USR1",
                                      .out = run_path("none")};
    struct sigaction mine = {.sa_handler = own_handler}, now;
    pid_t child;
    int status;

    CHECK_EQ(sigaction(SIGUSR1, &mine, NULL), 0);
    CHECK_EQ(sigprof_start(&options), SIGPROF_ESIGNAL);
    CHECK_EQ(sigprof_stop(), SIGPROF_EOFF);
    mine.sa_handler = SIG_IGN;
    CHECK_EQ(sigaction(SIGUSR1, &mine, NULL), 0);
    CHECK_EQ(sigprof_start(&options), SIGPROF_ESIGNAL);
    mine.sa_handler = SIG_DFL;
    CHECK_EQ(sigaction(SIGUSR1, &mine, NULL), 0);
    CHECK_EQ(sigprof_start(&options), 0);
    mine.sa_handler = own_handler;
    CHECK_EQ(sigaction(SIGUSR1, &mine, NULL), 0);
    own = 0;
    raise(SIGUSR1);
    CHECK_EQ(own, 1);
    CHECK_EQ(toggles(), 0);
    if (!test_emulator_lacks("threads of forked children")) {
        child = fork();
        if (child == 0) /* has no toggle, but a profile */
            _exit(sigprof_stop() == 0 ? 0 : 1);
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
    }
    CHECK_EQ(sigprof_stop(), 0);
    CHECK_EQ(sigaction(SIGUSR1, NULL, &now), 0);
    CHECK(now.sa_handler == own_handler);
}

int main(void)
{
    RUN(under_load_nothing_leaks);
    RUN(a_paused_start_waits_for_the_signal);
    RUN(a_flight_recorder_writes_when_it_is_paused);
    RUN(a_signal_of_the_program_s_is_not_taken);
    return 0;
}
