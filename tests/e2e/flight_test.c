/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight recorder: whatever the end, the last samples are there, as many as the
 * ring holds, and what went before is counted.
 * usage: flight_test PRELOAD WORKLOAD
 */
#include <time.h>

#include "ring.h"
#include "support/forged.h"

#define RING_BYTES (512u << 10)
#define THREADS 3
/* The deepest stack of the workload, with what is below main and a signal mark. */
#define FRAMES_MAX 40

static char **arguments;

static void begin(struct forged *forged, const char *ticks, const char *end)
{
    unlink(run_path("f.sigprof"));
    *forged = (struct forged){.preload = arguments[1],
                              .workload = arguments[2],
                              .threads = "3", .ticks = ticks, .end = end,
                              .out = run_path("f.sigprof"),
                              .more = {"SIGPROF_MODE=flight",
                                       "SIGPROF_RING=512K", NULL}};
    forged_begin(forged);
}

static uint64_t line(const struct profile *profile, const char *name)
{
    for (uint32_t i = 0; i < profile->sheet_lines; i++)
        if (strcmp(profile->sheet[i].name, name) == 0)
            return (uint64_t)profile->sheet[i].value;
    return 0;
}

/* How many samples the manual promises: those of all blocks but the one that each
 * thread is filling, each record as large as they come. */
static uint64_t promised(void)
{
    uint64_t blocks = RING_BYTES / RING_BLOCK_BYTES_MIN;
    uint64_t room = RING_BLOCK_BYTES_MIN - sizeof(struct ring_block);

    return (blocks - THREADS) *
           (room / (sizeof(struct ring_record) + 8 * FRAMES_MAX));
}

/* What the system calls a thread that has no name of its own. */
static const char *thread_name(void)
{
    static char name[16]; /* as long as the kernel's */
    const char *emulator = getenv("SIGPROF_TEST_EMULATOR");

    if (!test_is_emulated())
        return "workload-forge";
    snprintf(name, sizeof name, "%.*s", (int)strcspn(emulator, " "), emulator);
    return name;
}

/* Is a sample there of every thread that has one, each with its name? */
static void check_names(const struct profile *profile)
{
    for (uint32_t i = 0; i < profile->samples; i++) {
        const char *name = NULL;

        for (uint32_t j = 0; j < profile->threads && !name; j++)
            if (profile->thread[j].tid == profile->sample[i].tid &&
                !profile->thread[j].is_exit)
                name = profile->thread[j].name;
        if (!name || strcmp(name, thread_name()) != 0)
            FAIL("the name of thread %u is not there, but %s",
                 profile->sample[i].tid, name ? name : "nothing");
    }
    CHECK(profile->modules >= 3);
}

/* The newest sample that was given up is no newer than the oldest that each full
 * block kept; so those that are there reach back without a hole. Sorted by thread
 * and time they have the same distance of ticks, which the workload counts. */
static void check_kept(struct profile *profile, const struct forged *forged)
{
    uint64_t counted = forged_count(-1);
    uint64_t gone = line(profile, "overwritten");
    uint64_t dropped = line(profile, "dropped_full");

    printf("   %u of %llu samples are there, %llu promised; %llu overwritten\n",
           profile->samples, (unsigned long long)counted,
           (unsigned long long)promised(), (unsigned long long)gone);
    CHECK_EQ(dropped, 0);
    if (profile->periods + gone < counted ||
        profile->periods + gone > counted + forged_own_ticks(forged))
        FAIL("%lld are neither there nor counted",
             (long long)(counted - profile->periods - gone));
    CHECK(gone > 0);
    CHECK(profile->samples >= promised());
    CHECK_STR(profile_info(profile, "mode"), "flight");
    forged_check_once(profile);
    check_names(profile);
}

static void after_a_kill_the_last_samples_are_there(void)
{
    static const char *const ends[] = {"kill", "abort", "segv"};
    char rings[8][512];

    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct forged forged;
        struct profile profile;

        begin(&forged, "100000", ends[i]);
        run_end(&forged.run);
        CHECK(WIFSIGNALED(forged.run.status));
        /* 0: another start has added it to the file. */
        CHECK(run_rings_of(forged.run.pid, rings, 8) <= 1);
        CHECK_EQ(profile_read_salvaged(&profile, run_path("f.sigprof")), 0);
        CHECK_EQ(profile.ends, 0);
        check_kept(&profile, &forged);
        for (unsigned j = 0; j < run_rings_of(forged.run.pid, rings, 8); j++)
            unlink(rings[j]);
        profile_free(&profile);
        run_free(&forged.run);
    }
}

static void at_an_end_they_are_written(void)
{
    static const char *const ends[] = {"return", "_exit", "exit"};
    char rings[8][512];

    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct forged forged;
        struct profile profile;

        begin(&forged, "100000", ends[i]);
        run_end(&forged.run);
        CHECK(WIFEXITED(forged.run.status));
        CHECK_STR(forged.run.err, "");
        CHECK_EQ(run_rings_of(forged.run.pid, rings, 8), 0);
        CHECK_EQ(profile_read(&profile, run_path("f.sigprof")), 0);
        CHECK_EQ(profile.ends, 1);
        CHECK_EQ(line(&profile, "taken"), profile.samples);
        check_kept(&profile, &forged);
        profile_free(&profile);
        run_free(&forged.run);
    }
}

static void count_threads(pid_t pid, unsigned *threads)
{
    char path[64], text[256];
    FILE *file;

    *threads = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(text, sizeof text, file))
        sscanf(text, "Threads: %u", threads);
    fclose(file);
}

/* At any moment, as kill -9 comes, once the ring has been round a few times.
 * SIGPROF_TEST_LONG: after a minute. */
static void a_running_program_is_killed(void)
{
    struct timespec nap = {test_is_long() ? 60 : 0, 10000000};
    struct forged forged;
    struct profile profile;
    char rings[8][512];
    unsigned threads;

    begin(&forged, "0", "return");
    for (int i = 0; i < THREADS; i++)
        do
            nanosleep(&nap, NULL);
        while (forged_count(i) < 20000);
    count_threads(forged.run.pid, &threads);
    CHECK_EQ(threads, THREADS + test_is_emulated()); /* none of ours */
    kill(forged.run.pid, SIGKILL);
    run_end(&forged.run);
    CHECK(run_rings_of(forged.run.pid, rings, 8) <= 1);
    CHECK_EQ(profile_read_salvaged(&profile, run_path("f.sigprof")), 0);
    check_kept(&profile, &forged);
    profile_free(&profile);
    run_free(&forged.run);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 3);
    arguments = argv;
    RUN(after_a_kill_the_last_samples_are_there);
    RUN(at_an_end_they_are_written);
    RUN(a_running_program_is_killed);
    return 0;
}
