/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * However a process ends: every sample is in its file (or in its ring, after an
 * end that ran nothing of ours), its status is its own, and no ring is left that
 * is not needed. usage: ends_test PRELOAD WORKLOAD
 */
#include <signal.h>
#include <sys/wait.h>

#include "support/forged.h"

static const char *preload, *workload;
static char paths[64][512];

static unsigned files(void)
{
    return run_find(".p", paths, 64);
}

static void remove_files(void)
{
    for (unsigned i = files(); i--;)
        unlink(paths[i]);
}

static void run_end_as(struct forged *forged, const char *threads,
                       const char *how)
{
    *forged = (struct forged){.preload = preload, .workload = workload,
                              .threads = threads, .ticks = "100", .end = how,
                              .out = run_path("%p.p")};
    remove_files();
    forged_run(forged);
    if (!WIFSIGNALED(forged->run.status) || !test_is_emulated())
        CHECK_STR(forged->run.err, ""); /* else it says which signal */
}

static void check_profile(const char *path, uint64_t ticks, bool clean)
{
    struct profile profile;

    CHECK_EQ(profile_read_salvaged(&profile, path), 0);
    CHECK_EQ(profile.ends, clean);
    CHECK_EQ(profile.damaged, 0);
    forged_check_once(&profile);
    if (profile.samples < ticks || profile.samples > ticks + 4)
        FAIL("%s: %u samples, want %llu", path, profile.samples,
             (unsigned long long)ticks);
    profile_free(&profile);
}

/* Where one is to be left, a start of the same user can have been faster: the file
 * then has what was in it. */
static void sweep(pid_t pid, unsigned most)
{
    char rings[8][512];
    unsigned count = run_rings_of(pid, rings, 8);

    for (unsigned i = 0; i < count; i++)
        unlink(rings[i]);
    CHECK(count <= most);
}

static void exits(const char *how, int status)
{
    struct forged forged;

    run_end_as(&forged, "3", how);
    CHECK(WIFEXITED(forged.run.status));
    CHECK_EQ(WEXITSTATUS(forged.run.status), status);
    CHECK_EQ(files(), 1);
    check_profile(paths[0], 300, true);
    sweep(forged.run.pid, 0);
    run_free(&forged.run);
}

static void dies(const char *how, int number)
{
    struct forged forged;

    run_end_as(&forged, "3", how);
    CHECK(WIFSIGNALED(forged.run.status));
    CHECK_EQ(WTERMSIG(forged.run.status), number);
    CHECK_EQ(files(), 1);
    check_profile(paths[0], 300, false);
    sweep(forged.run.pid, 1);
    run_free(&forged.run);
}

static void a_return_from_main_is_a_clean_end(void)
{
    exits("return", 0);
}

static void exit_is_a_clean_end(void)
{
    exits("exit", 5);
}

static void _exit_is_a_clean_end(void)
{
    exits("_exit", 5);
}

static void quick_exit_is_a_clean_end(void)
{
    exits("quick_exit", 5);
}

static void abort_leaves_all_in_the_ring(void)
{
    dies("abort", SIGABRT);
}

static void a_fault_leaves_all_in_the_ring(void)
{
    dies("segv", SIGSEGV);
}

static void a_terminated_process_leaves_all_in_the_ring(void)
{
    dies("term", SIGTERM);
}

static void a_process_whose_main_thread_leaves_ends_with_its_last_thread(void)
{
    struct forged forged;

    run_end_as(&forged, "1", "pthread_exit");
    CHECK(WIFEXITED(forged.run.status));
    CHECK_EQ(WEXITSTATUS(forged.run.status), 0);
    CHECK_EQ(files(), 1);
    check_profile(paths[0], 200, true);
    sweep(forged.run.pid, 0);
    run_free(&forged.run);
}

static void an_executed_program_s_file_is_another(void)
{
    struct forged forged;

    run_end_as(&forged, "2", "exec");
    CHECK(WIFEXITED(forged.run.status));
    CHECK_EQ(WEXITSTATUS(forged.run.status), 0);
    CHECK_EQ(forged_count(-1), 400);
    CHECK_EQ(files(), 1); /* and PID.p.2 */
    check_profile(paths[0], 200, true);
    CHECK_EQ(run_find(".p.2", paths, 64), 1);
    check_profile(paths[0], 200, true);
    unlink(paths[0]);
    sweep(forged.run.pid, 0);
    run_free(&forged.run);
}

static void a_program_without_samples_leaves_the_file_before_it_alone(void)
{
    struct forged forged;

    run_end_as(&forged, "2", "exec-other");
    CHECK(WIFEXITED(forged.run.status));
    CHECK_EQ(WEXITSTATUS(forged.run.status), 0);
    CHECK(files() >= 1);
    check_profile(paths[0], 200, true);
    sweep(forged.run.pid, 0);
    run_free(&forged.run);
    if (run_find(".p.2", paths, 64))
        unlink(paths[0]);
}

/* Of the file before a failed exec and the one behind it. */
static unsigned samples_of_both(void)
{
    unsigned samples = 0, count = files();

    count += run_find(".p.2", paths + count, 8);
    for (unsigned i = 0; i < count; i++) {
        struct profile profile;

        CHECK_EQ(profile_read(&profile, paths[i]), 0);
        CHECK_EQ(profile.ends, 1);
        samples += profile.samples;
        profile_free(&profile);
        unlink(paths[i]);
    }
    return samples;
}

static void after_a_failed_exec_sampling_goes_on(void)
{
    struct forged forged;
    unsigned samples;

    run_end_as(&forged, "1", "exec-fails");
    CHECK(WIFEXITED(forged.run.status));
    CHECK_EQ(WEXITSTATUS(forged.run.status), 5);
    CHECK_EQ(forged_count(0), 200);
    samples = samples_of_both();
    CHECK(samples >= 200 && samples <= 204);
    sweep(forged.run.pid, 0);
    run_free(&forged.run);
}

static void after_a_failed_exec_a_pause_goes_on(void)
{
    struct forged forged;
    unsigned samples;

    run_end_as(&forged, "1", "exec-fails-paused");
    CHECK(WIFEXITED(forged.run.status));
    CHECK_EQ(WEXITSTATUS(forged.run.status), 5);
    samples = samples_of_both();
    CHECK(samples >= 100 && samples <= 104);
    sweep(forged.run.pid, 0);
    run_free(&forged.run);
}

static void a_forked_child_has_a_file_of_its_own(void)
{
    struct forged forged;
    struct profile profile;
    char parent[64], id[64] = "", parent_id[64] = "";

    run_end_as(&forged, "1", "fork");
    CHECK(WIFEXITED(forged.run.status));
    CHECK_EQ(WEXITSTATUS(forged.run.status), 5);
    CHECK_EQ(files(), 2);
    snprintf(parent, sizeof parent, "/%d.p", (int)forged.run.pid);
    for (unsigned i = 0; i < 2; i++) {
        check_profile(paths[i], 100, true);
        CHECK_EQ(profile_read(&profile, paths[i]), 0);
        if (strstr(paths[i], parent))
            strcpy(id, profile_info(&profile, "id"));
        else
            strcpy(parent_id, profile_info(&profile, "parent_id"));
        profile_free(&profile);
    }
    CHECK(id[0] != '\0');
    CHECK_STR(parent_id, id);
    sweep(forged.run.pid, 0);
    run_free(&forged.run);
}

static void a_child_that_is_killed_harms_nobody(void)
{
    struct forged forged;
    char rings[8][512];
    struct profile profile;
    unsigned clean = 0;

    run_end_as(&forged, "1", "fork-kill");
    CHECK(WIFEXITED(forged.run.status));
    CHECK_EQ(WEXITSTATUS(forged.run.status), 5);
    for (unsigned i = files(); i--;) {
        CHECK_EQ(profile_read_salvaged(&profile, paths[i]), 0);
        clean += profile.ends;
        CHECK(profile.samples >= 100 && profile.samples <= 104);
        unlink(profile_info(&profile, "ring"));
        profile_free(&profile);
    }
    CHECK_EQ(clean, 1);
    CHECK_EQ(run_rings_of(forged.run.pid, rings, 8), 0);
    run_free(&forged.run);
}

static void a_fixed_name_is_the_parent_s_and_children_append_their_pid(void)
{
    struct forged forged = {.preload = preload, .workload = workload,
                            .threads = "1", .ticks = "100", .end = "fork",
                            .out = run_path("fixed")};

    for (unsigned i = 0; i < 2; i++) { /* the second run replaces the first */
        forged_run(&forged);
        CHECK_STR(forged.run.err, "");
        CHECK_EQ(WEXITSTATUS(forged.run.status), 5);
        check_profile(run_path("fixed"), 100, true);
        run_free(&forged.run);
    }
    CHECK_EQ(run_find("", paths, 64) > 3, true);
    remove_files();
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 3);
    preload = argv[1];
    workload = argv[2];
    RUN(a_return_from_main_is_a_clean_end);
    RUN(exit_is_a_clean_end);
    RUN(_exit_is_a_clean_end);
    RUN(quick_exit_is_a_clean_end);
    RUN(abort_leaves_all_in_the_ring);
    RUN(a_fault_leaves_all_in_the_ring);
    RUN(a_terminated_process_leaves_all_in_the_ring);
    if (!test_emulator_lacks("programs of its CPU that are executed")) {
        RUN(an_executed_program_s_file_is_another);
        RUN(a_program_without_samples_leaves_the_file_before_it_alone);
    }
    RUN(after_a_failed_exec_sampling_goes_on);
    RUN(after_a_failed_exec_a_pause_goes_on);
    if (!test_emulator_lacks("threads of forked children")) {
        RUN(a_forked_child_has_a_file_of_its_own);
        RUN(a_child_that_is_killed_harms_nobody);
        RUN(a_fixed_name_is_the_parent_s_and_children_append_their_pid);
    }
    if (!test_emulator_lacks("an end of its own thread with the program's last"))
        RUN(a_process_whose_main_thread_leaves_ends_with_its_last_thread);
    return 0;
}
