/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the system may refuse: each clock falls back to the next, the profile says
 * why, and the samples go on. Each case is a process of its own, which has the limit.
 */
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sigprof/sigprof.h"
#include "support/profile.h"
#include "support/run.h"
#include "test.h"

#define NOBODY 65534
#define MANY 400 /* threads; a user's 516 KiB have room for 129 events, on each CPU */

static struct sigprof_stats stats_now(void)
{
    struct sigprof_stats stats = {.size = sizeof stats};

    CHECK_EQ(sigprof_stats(&stats), 0);
    return stats;
}

static void work(void)
{
    for (volatile unsigned i = 0; i < 100000; i = i + 1)
        ;
}

static void until_sampled(void)
{
    uint64_t before = stats_now().taken;

    while (stats_now().taken < before + 5)
        work();
}

static void limit(int resource, rlim_t value)
{
    struct rlimit now;

    CHECK_EQ(getrlimit(resource, &now), 0);
    now.rlim_cur = value;
    CHECK_EQ(setrlimit(resource, &now), 0);
}

static void start(unsigned clock)
{
    struct sigprof_options options = {.size = sizeof options,
                                      .hz = 1000,
                                      .clock = clock,
                                      .out = run_path("refused-%p")};

    CHECK_EQ(sigprof_start(&options), 0);
}

/* Stops; the last note of the clock that is in the profile. */
static void stop(char *note, size_t size)
{
    static struct profile profile;
    char path[64];

    CHECK_EQ(sigprof_stop(), 0);
    snprintf(path, sizeof path, "refused-%d", (int)getpid());
    CHECK_EQ(profile_read(&profile, run_path(path)), 0);
    note[0] = '\0';
    for (uint32_t i = 0; i < profile.infos; i++)
        if (strcmp(profile.info[i].key, "clock_note") == 0)
            snprintf(note, size, "%s", profile.info[i].value);
    CHECK_EQ(profile.ends, 1);
    CHECK(profile.samples > 0);
    profile_free(&profile);
    unlink(run_path(path));
}

static bool perf_is_allowed(void)
{
    bool allowed;
    char note[256];

    start(SIGPROF_CLOCK_PERF);
    allowed = stats_now().clock == SIGPROF_CLOCK_PERF;
    until_sampled();
    stop(note, sizeof note);
    return allowed;
}

/* In a child, since it cannot be taken back. */
static void with(void (*refusal)(void))
{
    pid_t child = fork();
    int status;

    CHECK(child >= 0);
    if (child == 0) {
        refusal();
        _exit(0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

/* A filter that ends the process at the system calls of the better clocks. */
static void filter(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    char note[256];

    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    start(SIGPROF_CLOCK_PERF);
    CHECK_EQ(stats_now().clock, SIGPROF_CLOCK_THREAD);
    until_sampled();
    stop(note, sizeof note);
    CHECK_HAS(note, "refused a perf event");
}

static void under_a_filter_of_system_calls_a_timer_is_used(void)
{
    with(filter);
}

static atomic_bool enough;
static atomic_uint begun;

static void *sleep_until_enough(void *arg)
{
    atomic_fetch_add(&begun, 1);
    while (!atomic_load(&enough))
        usleep(10000);
    return arg;
}

/* Without any limit of its own, for each user. */
static long locked_pages_allowed(void)
{
    FILE *file = fopen("/proc/sys/kernel/perf_event_mlock_kb", "re");
    long kilobytes = 0;

    CHECK(file != NULL);
    CHECK_EQ(fscanf(file, "%ld", &kilobytes), 1);
    fclose(file);
    return kilobytes * 1024 / sysconf(_SC_PAGESIZE) *
           sysconf(_SC_NPROCESSORS_ONLN);
}

/* root may lock what it wants. */
static void no_locked_memory(void)
{
    static pthread_t threads[MANY];
    char note[256];

    if (getuid() == 0) {
        CHECK_EQ(chmod(run_folder(), 0777), 0);
        CHECK_EQ(setgroups(0, NULL), 0);
        CHECK_EQ(setgid(NOBODY), 0);
        CHECK_EQ(setuid(NOBODY), 0);
        CHECK_EQ(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    }
    limit(RLIMIT_MEMLOCK, 0);
    start(SIGPROF_CLOCK_PERF);
    for (unsigned i = 0; i < MANY; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, sleep_until_enough, NULL), 0);
    while (atomic_load(&begun) < MANY || stats_now().threads < MANY)
        usleep(1000);
    until_sampled();
    atomic_store(&enough, true);
    for (unsigned i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    stop(note, sizeof note);
    if (locked_pages_allowed() < MANY)
        CHECK_HAS(note, "some threads have a timer");
}

static void without_locked_memory_threads_have_timers(void)
{
    if (perf_is_allowed())
        with(no_locked_memory);
}

/* A timer has its signal queued from the beginning. */
static void no_timers(void)
{
    char note[256];

    limit(RLIMIT_SIGPENDING, 0);
    start(SIGPROF_CLOCK_THREAD);
    CHECK_EQ(stats_now().clock, SIGPROF_CLOCK_ITIMER);
    until_sampled();
    stop(note, sizeof note);
    CHECK_HAS(note, "a thread's timer was refused");
}

static void without_timers_the_process_has_one(void)
{
    with(no_timers);
}

int main(void)
{
    RUN(under_a_filter_of_system_calls_a_timer_is_used);
    RUN(without_timers_the_process_has_one);
    RUN(without_locked_memory_threads_have_timers);
    return 0;
}
