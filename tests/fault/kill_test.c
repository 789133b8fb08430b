/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill -9 at any moment: file and ring together always read, hold every sample
 * that was committed, none twice, and do not pretend to be complete.
 * usage: kill_test PRELOAD WORKLOAD [SIGPROF-FOLD]
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "format.h"
#include "support/forged.h"

#define THREADS 3

static char rings[64][512];

static void nap_us(unsigned us)
{
    struct timespec nap = {0, (long)us * 1000};

    nanosleep(&nap, NULL);
}

/* The command says so too, and its exit status is that of a good profile. */
static void check_fold(const char *fold, const char *path, uint64_t periods)
{
    char *argv[] = {(char *)(size_t)fold, (char *)(size_t) "--info",
                    (char *)(size_t)path, NULL};
    char *plain[] = {(char *)(size_t)fold, (char *)(size_t)path, NULL};
    struct run run = {.argv = argv};
    uint64_t folded = 0;

    run_program(&run);
    CHECK(WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0);
    if (!strstr(run.out, "killed") && !strstr(run.err, "killed"))
        FAIL("nothing is said of a kill:\n%s%s", run.out, run.err);
    run_free(&run);
    run = (struct run){.argv = plain};
    run_program(&run);
    CHECK(WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0);
    for (char *at = run.out; *at; at = strchr(at, '\n') + 1) {
        char *end = strchr(at, '\n');

        CHECK(end != NULL);
        while (end[-1] != ' ')
            end--;
        folded += strtoull(end, NULL, 10);
    }
    CHECK_EQ(folded, periods); /* what was lost is in the picture */
    run_free(&run);
}

/* Between the file's creation and its header there is no sample yet. */
static bool has_begun(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 && file.st_size >= FORMAT_FILE_HEADER_BYTES;
}

/* Returns the samples that were there. It is killed after so long, or as soon as
 * there are so many ticks. */
static uint64_t kill_once(char **argv, unsigned after_us, uint64_t after_ticks)
{
    struct forged forged = {.preload = argv[1], .workload = argv[2],
                            .threads = "3", .ticks = "0", .end = "return",
                            .out = run_path("killed.sigprof"),
                            .more = {"SIGPROF_RING=1M", NULL}};
    struct profile profile;
    uint64_t counted, samples, lost;

    unlink(run_path("killed.sigprof"));
    forged_begin(&forged);
    nap_us(after_us);
    while (forged_count(-1) < after_ticks)
        nap_us(500);
    kill(forged.run.pid, SIGKILL);
    run_end(&forged.run);
    CHECK(WIFSIGNALED(forged.run.status));
    CHECK_STR(forged.run.err, "");
    counted = forged_count(-1);
    if (!has_begun(run_path("killed.sigprof"))) {
        CHECK_EQ(counted, 0);
        run_free(&forged.run);
        return 0;
    }
    CHECK_EQ(profile_read_salvaged(&profile, run_path("killed.sigprof")), 0);
    CHECK_EQ(profile.ends, 0);
    lost = 0;
    for (uint32_t i = 0; i < profile.sheet_lines; i++)
        if (strcmp(profile.sheet[i].name, "dropped_full") == 0)
            lost = (uint64_t)profile.sheet[i].value;
    samples = profile.samples;
    forged_check_once(&profile);
    /* Besides what was counted: one in each thread that was not counted yet, and the
     * clock's own. */
    if (samples + lost < counted ||
        samples + lost > counted + THREADS + forged_own_ticks(&forged))
        FAIL("killed after %u us and %llu ticks: %llu samples and %llu lost of "
             "%llu", after_us, (unsigned long long)after_ticks,
             (unsigned long long)samples, (unsigned long long)lost,
             (unsigned long long)counted);
    if (argv[3] && samples)
        check_fold(argv[3], run_path("killed.sigprof"), samples + lost);
    /* A ring is left, and the next start is going to sweep it. */
    CHECK(run_rings_of(forged.run.pid, rings, 64) <= 1);
    for (unsigned i = 0; i < run_rings_of(forged.run.pid, rings, 64); i++)
        unlink(rings[i]);
    profile_free(&profile);
    run_free(&forged.run);
    return samples;
}

int main(int argc, char **argv)
{
    unsigned runs = test_is_long() ? 200 : 20, seed = (unsigned)time(NULL);
    unsigned with_samples = 0;
    uint64_t samples = 0;

    CHECK(argc >= 3);
    printf("   seed %u\n", seed);
    srand(seed);
    for (unsigned i = 0; i < runs; i++) {
        /* By turns at any moment of the start, and of the run. */
        uint64_t got = i % 2 ? kill_once(argv, 0, 1 + (uint64_t)rand() % 30000)
                             : kill_once(argv, (unsigned)rand() % 500000, 0);

        with_samples += got > 0;
        samples += got;
    }
    printf("   %u runs, %u with samples, %llu samples\n", runs, with_samples,
           (unsigned long long)samples);
    CHECK(with_samples >= runs / 2);
    return 0;
}
