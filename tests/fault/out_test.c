/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A profile that cannot be written: the program runs as without us, one line
 * says why, and what was sampled stays in the ring. And a ring that is too small:
 * every sample that did not fit is counted. usage: out_test PRELOAD WORKLOAD
 */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support/forged.h"

static const char *preload, *workload;

static void run_to(struct forged *forged, const char *out, const char *ticks)
{
    *forged = (struct forged){.preload = preload, .workload = workload,
                              .threads = "2", .ticks = ticks, .end = "exit",
                              .out = out};
    forged_run(forged);
    CHECK(WIFEXITED(forged->run.status));
    CHECK_EQ(WEXITSTATUS(forged->run.status), 5);
}

static void check_one_line(const char *text)
{
    CHECK(strncmp(text, "sigprof: ", 9) == 0);
    CHECK(strchr(text, '\n') == text + strlen(text) - 1);
}

static void a_folder_that_is_not_there_is_said_in_one_line(void)
{
    struct forged forged;
    char rings[8][512];

    run_to(&forged, "/no/such/folder/x.sigprof", "100");
    check_one_line(forged.run.err);
    CHECK_HAS(forged.run.err, "SIGPROF_OUT=/no/such/folder/x.sigprof");
    CHECK_EQ(forged_count(-1), 0); /* it has no timer: sampling did not start */
    CHECK_EQ(run_rings_of(forged.run.pid, rings, 8), 0);
    run_free(&forged.run);
}

static void a_full_device_is_said_in_one_line(void)
{
    struct forged forged;
    char rings[8][512];

    run_to(&forged, "/dev/full", "100");
    check_one_line(forged.run.err);
    CHECK_HAS(forged.run.err, "SIGPROF_OUT=/dev/full");
    CHECK_EQ(run_rings_of(forged.run.pid, rings, 8), 0);
    run_free(&forged.run);
}

static void a_ring_that_is_too_small_is_reported_as_dropped(void)
{
    struct forged forged = {.preload = preload, .workload = workload,
                            .threads = "4", .ticks = "50000", .end = "exit",
                            .out = run_path("small"),
                            .more = {"SIGPROF_RING=64K", "SIGPROF_DEPTH=1024",
                                     NULL}};
    struct profile profile;
    uint64_t dropped;

    forged_run(&forged);
    CHECK_STR(forged.run.err, "");
    CHECK_EQ(profile_read(&profile, run_path("small")), 0);
    CHECK_EQ(profile.ends, 1);
    dropped = (uint64_t)profile_sheet(&profile, "dropped_full");
    printf("   %u samples and %llu dropped of %llu\n", profile.samples,
           (unsigned long long)dropped,
           (unsigned long long)forged_count(-1));
    CHECK_EQ(forged_count(-1), 200000);
    CHECK(dropped > 1000);
    CHECK(profile_sheet(&profile, "first_drop_ns") > 0);
    CHECK(profile_sheet(&profile, "last_drop_ns") >=
          profile_sheet(&profile, "first_drop_ns"));
    if (profile.samples + dropped < 200000 ||
        profile.samples + dropped > 200000 + forged_own_ticks(&forged))
        FAIL("%llu are neither samples nor dropped",
             200000 - (unsigned long long)(profile.samples + dropped));
    profile_free(&profile);
    run_free(&forged.run);
}

/* ---- A full disk ---------------------------------------------------------- */

static void mount_small(const char *at, const char *size)
{
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mkdir(at, 0700) != 0 || mount("tmpfs", at, "tmpfs", 0, size) != 0) {
        char reason[128];

        snprintf(reason, sizeof reason, "a small tmpfs cannot be mounted: %s",
                 strerror(errno));
        test_skip(reason);
    }
}

static void a_full_disk_loses_nothing_silently(void)
{
    struct forged forged;
    struct profile profile;
    struct stat status;
    char rings[8][512];
    uint64_t lost = 0;
    unsigned long long ticks;

    mount_small(run_path("disk"), "size=20k");
    /* Ticks that come faster than the drain are dropped, and do not fill a disk:
     * more of them, until it is full. */
    for (ticks = 100000;; ticks *= 2) {
        char text[24];

        snprintf(text, sizeof text, "%llu", ticks);
        run_to(&forged, run_path("disk/full"), text);
        if (forged.run.err[0] || ticks > 10000000)
            break;
        run_free(&forged.run);
    }
    check_one_line(forged.run.err);
    printf("   it says: %s", forged.run.err);
    CHECK_EQ(stat(run_path("disk/full"), &status), 0);
    CHECK_EQ(run_rings_of(forged.run.pid, rings, 8), 1);
    CHECK_EQ(profile_read_salvaged(&profile, run_path("disk/full")), 0);
    CHECK_EQ(profile.ends, 0);
    for (uint32_t i = 0; i < profile.sheet_lines; i++)
        if (strcmp(profile.sheet[i].name, "dropped_full") == 0)
            lost = (uint64_t)profile.sheet[i].value;
    printf("   %lld bytes on the disk; %u samples with the ring, %llu dropped\n",
           (long long)status.st_size, profile.samples, (unsigned long long)lost);
    forged_check_once(&profile);
    if (profile.samples + lost < 2 * ticks ||
        profile.samples + lost > 2 * ticks + forged_own_ticks(&forged))
        FAIL("%lld are neither samples nor dropped",
             (long long)(2 * ticks) - (long long)(profile.samples + lost));
    unlink(rings[0]);
    profile_free(&profile);
    run_free(&forged.run);
    CHECK_EQ(umount(run_path("disk")), 0);
}

/* A second file cannot be created: the first one goes on, and that is counted. */
static void a_rotation_that_fails_is_counted_and_costs_nothing(void)
{
    struct forged forged = {.preload = preload, .workload = workload,
                            .threads = "2", .ticks = "150000", .end = "exit",
                            .out = run_path("few/full"),
                            .more = {"SIGPROF_ROTATE=256K", "FORGE_SLOWLY=1",
                                     NULL}};
    struct profile profile;

    mount_small(run_path("few"), "size=50m,nr_inodes=2");
    forged_run(&forged);
    CHECK_STR(forged.run.err, "");
    CHECK_EQ(profile_read(&profile, run_path("few/full")), 0);
    CHECK_EQ(profile.ends, 1);
    CHECK(profile_sheet(&profile, "rotations_failed") > 0);
    CHECK_EQ((uint64_t)profile_sheet(&profile, "taken"), profile.samples);
    forged_check_once(&profile);
    if (profile.samples + (uint64_t)profile_sheet(&profile, "dropped_full") <
        forged_count(-1))
        FAIL("%u samples of %llu", profile.samples,
             (unsigned long long)forged_count(-1));
    profile_free(&profile);
    run_free(&forged.run);
    CHECK_EQ(umount(run_path("few")), 0);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 3);
    preload = argv[1];
    workload = argv[2];
    RUN(a_folder_that_is_not_there_is_said_in_one_line);
    RUN(a_full_device_is_said_in_one_line);
    RUN(a_ring_that_is_too_small_is_reported_as_dropped);
    RUN(a_rotation_that_fails_is_counted_and_costs_nothing);
    RUN(a_full_disk_loses_nothing_silently);
    return 0;
}
