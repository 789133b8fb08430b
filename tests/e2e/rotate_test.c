/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording in several files: of the size and number that were asked for, each
 * a profile of its own, nothing lost and nothing twice at the seams.
 * usage: rotate_test PRELOAD WORKLOAD SIGPROF-FOLD
 */
#include "support/forged.h"

#define PARTS_MAX 512

static char **arguments;

/* All the parts together. */
struct sums {
    uint64_t samples, periods, dropped, due, taken, overrun;
    uint32_t parts, first, last; /* numbers */
    size_t largest, bytes;
};

static unsigned long part_number(const struct profile *profile)
{
    return strtoul(profile_info(profile, "part"), NULL, 10);
}

/* Whoever has only this file knows what it is of, and can name its frames. The last
 * part may have begun after the last sample: it has no frames then. */
static void check_alone(const struct profile *profile, const char *path)
{
    if (!profile_info(profile, "id")[0] || !profile_info(profile, "pid")[0] ||
        !profile_info(profile, "start_mono_ns")[0])
        FAIL("%s does not say what it is of", path);
    if (!profile->modules || !profile->sheets)
        FAIL("%s: %u modules, %u sheets", path, profile->modules,
             profile->sheets);
    if (profile->samples && !profile->resets)
        FAIL("%s: %u samples without a RESET", path, profile->samples);
    for (uint32_t i = 0; i < profile->samples; i++) {
        bool known = false;

        for (uint32_t j = 0; j < profile->threads && !known; j++)
            known = profile->thread[j].tid == profile->sample[i].tid &&
                    !profile->thread[j].is_exit;
        if (!known)
            FAIL("%s: nothing is said of thread %u", path,
                 profile->sample[i].tid);
    }
}

/* A part that was killed young has but the losses. */
static uint64_t sheet_line(const struct profile *profile, const char *name)
{
    for (uint32_t i = 0; i < profile->sheet_lines; i++)
        if (strcmp(profile->sheet[i].name, name) == 0)
            return (uint64_t)profile->sheet[i].value;
    return 0;
}

static void add(struct sums *sums, struct profile *profile, const char *path)
{
    uint32_t number = (uint32_t)part_number(profile);

    check_alone(profile, path);
    forged_check_once(profile);
    sums->parts++;
    sums->first = !sums->first || number < sums->first ? number : sums->first;
    sums->last = number > sums->last ? number : sums->last;
    sums->samples += profile->samples;
    sums->periods += profile->periods;
    sums->dropped += sheet_line(profile, "dropped_full");
    sums->due += sheet_line(profile, "due_ns");
    sums->taken += sheet_line(profile, "taken");
    sums->overrun += sheet_line(profile, "overrun");
    sums->bytes += profile->bytes;
    if (profile->bytes > sums->largest)
        sums->largest = profile->bytes;
}

/* Reads name, name.2, …; the last one with what the ring holds. */
static void read_parts(const char *name, struct sums *sums)
{
    char paths[PARTS_MAX][512];
    unsigned count = run_find("", paths, PARTS_MAX);

    memset(sums, 0, sizeof *sums);
    for (unsigned i = 0; i < count; i++) {
        struct profile profile;

        if (strncmp(paths[i], name, strlen(name)) != 0)
            continue;
        CHECK_EQ(profile_read_salvaged(&profile, paths[i]), 0);
        add(sums, &profile, paths[i]);
        profile_free(&profile);
    }
    CHECK(sums->parts > 0);
    CHECK_EQ(sums->last - sums->first + 1, sums->parts); /* none is missing */
}

static void remove_parts(const char *name)
{
    char paths[PARTS_MAX][512];
    unsigned count = run_find("", paths, PARTS_MAX);

    for (unsigned i = 0; i < count; i++)
        if (strncmp(paths[i], name, strlen(name)) == 0)
            unlink(paths[i]);
}

static void record(struct forged *forged, const char *ticks, const char *end,
                   const char *rotate)
{
    remove_parts(run_path("r.sigprof"));
    *forged = (struct forged){.preload = arguments[1],
                              .workload = arguments[2],
                              .threads = "3", .ticks = ticks, .end = end,
                              .out = run_path("r.sigprof"),
                              .more = {rotate, "SIGPROF_RING=64M",
                                       "FORGE_SLOWLY=1", NULL}};
    forged_run(forged);
    CHECK_STR(forged->run.err, "");
}

static bool can_fold(void)
{
    char *argv[] = {arguments[3], (char *)(size_t) "--version", NULL};
    struct run run = {.argv = argv};
    bool can;

    run_program(&run);
    can = WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0;
    run_free(&run);
    return can;
}

/* The weight of all lines that sigprof-fold prints of the folder. */
static uint64_t folded_weight(const char *says)
{
    char *argv[] = {arguments[3], (char *)(size_t)run_folder(), NULL};
    struct run run = {.argv = argv};
    uint64_t sum = 0;

    run_program(&run);
    CHECK(WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0);
    if (says)
        CHECK_HAS(run.err, says);
    else
        CHECK_STR(run.err, "");
    for (char *at = run.out; *at; at = strchr(at, '\n') + 1) {
        char *end = strchr(at, '\n');

        CHECK(end != NULL);
        /* behind the program's name, which may be an emulator's */
        if (strncmp(at + strcspn(at, ";\n"), ";[unsampled", 11) == 0)
            continue;
        while (end[-1] != ' ')
            end--;
        sum += strtoull(end, NULL, 10);
    }
    run_free(&run);
    return sum;
}

/* How many of `counted` ticks are there; besides them the clock's own. */
static void check_total(const struct sums *sums, uint64_t counted,
                        const struct forged *forged)
{
    printf("   %u parts of %zu bytes at most: %llu samples, %llu dropped, of "
           "%llu\n",
           sums->parts, sums->largest, (unsigned long long)sums->samples,
           (unsigned long long)sums->dropped, (unsigned long long)counted);
    if (sums->samples + sums->dropped < counted ||
        sums->samples + sums->dropped >
            counted + forged_own_ticks(forged))
        FAIL("%lld ticks are unaccounted for",
             (long long)(counted - sums->samples - sums->dropped));
}

static void nothing_is_lost_at_the_seams(void)
{
    struct forged forged;
    struct sums sums;

    record(&forged, "150000", "return", "SIGPROF_ROTATE=256K,1h");
    read_parts(run_path("r.sigprof"), &sums);
    CHECK_EQ(forged_count(-1), 450000);
    check_total(&sums, 450000, &forged);
    CHECK(sums.parts > 2);
    CHECK_EQ(sums.first, 1);
    CHECK(sums.bytes / (sums.parts - 1) > 64 << 10); /* nor sooner than asked */
    CHECK(sums.largest <= 256 << 10);
    CHECK_EQ(sums.taken, sums.samples);
    CHECK_EQ(sums.taken + sums.overrun, sums.periods);
    CHECK_EQ(folded_weight(NULL), sums.periods + sums.dropped);
    run_free(&forged.run);
}

static void no_more_files_stay_than_are_to_be_kept(void)
{
    struct forged forged;
    struct sums sums;

    record(&forged, "100000", "return", "SIGPROF_ROTATE=256K,keep=2");
    read_parts(run_path("r.sigprof"), &sums);
    CHECK_EQ(sums.parts, 2);
    CHECK(sums.last > 2);
    CHECK(sums.largest <= 256 << 10);
    run_free(&forged.run);
}

static void a_kill_leaves_the_tail_to_the_last_part(void)
{
    struct forged forged;
    struct sums sums;
    char rings[8][512];

    for (unsigned i = 0; i < (test_is_long() ? 40 : 2); i++) {
        if (i > 0 && run_rings_of(forged.run.pid, rings, 8))
            unlink(rings[0]); /* its profile is removed too */
        record(&forged, "100000", "kill", "SIGPROF_ROTATE=256K");
        read_parts(run_path("r.sigprof"), &sums);
        check_total(&sums, forged_count(-1), &forged);
        CHECK(sums.parts > 1);
        CHECK(run_rings_of(forged.run.pid, rings, 8) <= 1);
        run_free(&forged.run);
    }
    if (test_is_emulated() && (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ||
                               sizeof(void *) != 8)) {
        puts("   skipped: the ring into the file: a ring is read by a sigprof-fold of "
             "its own byte order and word size only");
        return;
    }
    /* The command takes it into the last file, once. */
    CHECK_EQ(folded_weight("the process was cut off"),
             sums.periods + sums.dropped);
    CHECK_EQ(folded_weight("has been added"), sums.periods + sums.dropped);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 4);
    arguments = argv;
    if (!can_fold())
        test_skip("no sigprof-fold of this machine");
    RUN(nothing_is_lost_at_the_seams);
    RUN(no_more_files_stay_than_are_to_be_kept);
    RUN(a_kill_leaves_the_tail_to_the_last_part);
    return 0;
}
