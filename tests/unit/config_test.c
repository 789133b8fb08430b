/* SPDX-License-Identifier: BSD-2-Clause */
/* What the environment and the options may say, and what a bad value gets. */
#include "config.h"

#include "ring.h"
#include "sigprof/sigprof.h"
#include <signal.h>

#include "test.h"

static const char *const names[] = {
    "SIGPROF_HZ",     "SIGPROF_OUT",   "SIGPROF_CLOCK", "SIGPROF_UNWIND",
    "SIGPROF_DEPTH",  "SIGPROF_RING",  "SIGPROF_MODE",  "SIGPROF_FOLLOW",
    "SIGPROF_START",  "SIGPROF_TOGGLE", "SIGPROF_ROTATE", "SIGPROF_VERBOSE"};

static struct sigprof__config config;
static char message[512];

static int from_environment(const char *name, const char *value)
{
    int found;

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    setenv("SIGPROF_HZ", "99", 1);
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
    message[0] = '\0';
    found = sigprof__config_from_environment(&config, message, sizeof message);
    unsetenv(name);
    return found;
}

static void without_hz_nothing_starts(void)
{
    CHECK_EQ(from_environment("SIGPROF_HZ", NULL), 0);
    setenv("SIGPROF_DEPTH", "nonsense", 1);
    CHECK_EQ(sigprof__config_from_environment(&config, message, sizeof message),
             0);
    CHECK_STR(message, "");
}

static void the_defaults_are_those_of_the_manual(void)
{
    CHECK_EQ(from_environment("SIGPROF_HZ", "99"), 1);
    CHECK_EQ(config.hz, 99);
    CHECK_EQ(config.clock, SIGPROF_CLOCK_AUTO);
    CHECK_EQ(config.unwind, SIGPROF_UNWIND_CFI);
    CHECK_EQ(config.depth, 256);
    CHECK_EQ(config.follow, SIGPROF_FOLLOW_ALL);
    CHECK_EQ(config.ring_bytes, 4 << 20);
    CHECK(!config.paused && !config.verbose);
    CHECK_STR(config.out, "");
}

static void a_bad_value_is_named_with_what_is_accepted(void)
{
    static const struct {
        const char *name, *value, *accepted;
    } bad[] = {
        {"SIGPROF_HZ", "", "1 to 10000"},
        {"SIGPROF_HZ", "abc", "1 to 10000"},
        {"SIGPROF_HZ", "0", "1 to 10000"},
        {"SIGPROF_HZ", "-1", "1 to 10000"},
        {"SIGPROF_HZ", "+5", "1 to 10000"},
        {"SIGPROF_HZ", " 5", "1 to 10000"},
        {"SIGPROF_HZ", "5 ", "1 to 10000"},
        {"SIGPROF_HZ", "10001", "1 to 10000"},
        {"SIGPROF_HZ", "99.5", "1 to 10000"},
        {"SIGPROF_HZ", "0x10", "1 to 10000"},
        {"SIGPROF_HZ", "4294967395", "1 to 10000"},
        {"SIGPROF_HZ", "18446744073709551715", "1 to 10000"},
        {"SIGPROF_OUT", "", "p, e, h, t"},
        {"SIGPROF_OUT", "a%", "p, e, h, t"},
        {"SIGPROF_OUT", "a%d", "p, e, h, t"},
        {"SIGPROF_OUT", "%%%", "p, e, h, t"},
        {"SIGPROF_CLOCK", "", "auto, thread, itimer, perf, wall or polled; on illumos also realprof"},
        {"SIGPROF_CLOCK", "Auto", "auto, thread, itimer, perf, wall or polled; on illumos also realprof"},
        {"SIGPROF_CLOCK", "perf ", "auto, thread, itimer, perf, wall or polled; on illumos also realprof"},
        {"SIGPROF_CLOCK", "walls", "auto, thread, itimer, perf, wall or polled; on illumos also realprof"},
        {"SIGPROF_UNWIND", "dwarf", "cfi, fp or libunwind"},
        {"SIGPROF_DEPTH", "0", "1 to 1024"},
        {"SIGPROF_DEPTH", "1025", "1 to 1024"},
        {"SIGPROF_DEPTH", "deep", "1 to 1024"},
        {"SIGPROF_RING", "1", "64K to 1G"},
        {"SIGPROF_RING", "63K", "64K to 1G"},
        {"SIGPROF_RING", "65535", "64K to 1G"},
        {"SIGPROF_RING", "1025M", "64K to 1G"},
        {"SIGPROF_RING", "2G", "64K to 1G"},
        {"SIGPROF_RING", "17179869185G", "64K to 1G"},
        {"SIGPROF_RING", "64KB", "64K to 1G"},
        {"SIGPROF_RING", "4T", "64K to 1G"},
        {"SIGPROF_RING", "-4M", "64K to 1G"},
        {"SIGPROF_RING", "", "64K to 1G"},
        {"SIGPROF_MODE", "Flight", "record or flight"},
        {"SIGPROF_FOLLOW", "exec", "all, fork or none"},
        {"SIGPROF_START", "later", "now or paused"},
        {"SIGPROF_TOGGLE", "", "USR1, USR2"},
        {"SIGPROF_TOGGLE", "KILL", "USR1, USR2"},
        {"SIGPROF_TOGGLE", "PROF", "USR1, USR2"},
        {"SIGPROF_TOGGLE", "12", "USR1, USR2"},
        {"SIGPROF_TOGGLE", "RTMIN+", "USR1, USR2"},
        {"SIGPROF_TOGGLE", "RTMIN+99", "USR1, USR2"},
        {"SIGPROF_TOGGLE", "RTMAX", "USR1, USR2"},
        {"SIGPROF_ROTATE", "", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "keep=8", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64M,", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", ",64M", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64M,64M", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "10m,5s", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64M,keep=0", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64M,keep=1001", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64M,keep=", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64M,keep=2,keep=2", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64M keep=2", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "255K", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "1025G", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "18014398509481985G", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "64MB", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "0s", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "367d", "as in 64M,10m,keep=8"},
        {"SIGPROF_ROTATE", "-1m", "as in 64M,10m,keep=8"},
        {"SIGPROF_VERBOSE", "2", "0 or 1"},
        {"SIGPROF_VERBOSE", "yes", "0 or 1"}};

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        char start[128];

        if (from_environment(bad[i].name, bad[i].value) != -1)
            FAIL("%s=%s was taken", bad[i].name, bad[i].value);
        snprintf(start, sizeof start, "%s=%s%s: want ", bad[i].name,
                 bad[i].value, bad[i].value[0] ? "" : " is empty");
        CHECK_HAS(message, start);
        CHECK_HAS(message, bad[i].accepted);
        CHECK(strchr(message, '\n') == NULL);
    }
}

static void check_rotate(const char *text, uint64_t bytes, uint64_t seconds,
                         unsigned keep)
{
    CHECK_EQ(from_environment("SIGPROF_ROTATE", text), 1);
    CHECK_EQ(config.rotate.bytes, bytes);
    CHECK_EQ(config.rotate.age_ns, seconds * 1000000000);
    CHECK_EQ(config.rotate.keep, keep);
}

static void a_rotation_is_a_size_an_age_and_a_number(void)
{
    check_rotate("64M", 64u << 20, 0, 0);
    check_rotate("256K", 256u << 10, 0, 0);
    check_rotate("10m", 0, 600, 0);
    check_rotate("90s,keep=1", 0, 90, 1);
    check_rotate("64M,10m,keep=8", 64u << 20, 600, 8);
    check_rotate("keep=1000,366d,1024G", (uint64_t)1 << 40, 366 * 86400, 1000);
}

static void a_toggle_is_a_signal(void)
{
    CHECK_EQ(from_environment("SIGPROF_TOGGLE", "USR2"), 1);
    CHECK_EQ(config.toggle, SIGUSR2);
    CHECK_EQ(from_environment("SIGPROF_TOGGLE", "SIGHUP"), 1);
    CHECK_EQ(config.toggle, SIGHUP);
    CHECK_EQ(from_environment("SIGPROF_TOGGLE", "RTMIN+3"), 1);
    CHECK_EQ(config.toggle, SIGRTMIN + 3);
    CHECK_EQ(from_environment("SIGPROF_TOGGLE", NULL), 1);
    CHECK_EQ(config.toggle, 0);
}

static void a_line_break_in_a_value_does_not_make_two_lines(void)
{
    CHECK_EQ(from_environment("SIGPROF_HZ", "9\n9"), -1);
    CHECK(strchr(message, '\n') == NULL);
    CHECK_EQ(from_environment("SIGPROF_CLOCK", "\033[2Jx"), -1);
    CHECK(strchr(message, '\033') == NULL);
}

static void a_very_long_value_is_cut_in_the_message(void)
{
    char *longest = malloc(100001);

    CHECK(longest != NULL);
    memset(longest, 'x', 100000);
    longest[100000] = '\0';
    CHECK_EQ(from_environment("SIGPROF_OUT", longest), -1);
    CHECK_HAS(message, ": want a file name");
    free(longest);
}

static void the_edges_of_each_range_are_taken(void)
{
    CHECK_EQ(from_environment("SIGPROF_HZ", "1"), 1);
    CHECK_EQ(config.hz, 1);
    CHECK_EQ(from_environment("SIGPROF_HZ", "10000"), 1);
    CHECK_EQ(config.hz, 10000);
    CHECK_EQ(from_environment("SIGPROF_DEPTH", "1"), 1);
    CHECK_EQ(from_environment("SIGPROF_DEPTH", "1024"), 1);
    CHECK_EQ(config.depth, 1024);
    CHECK_EQ(from_environment("SIGPROF_RING", "64K"), 1);
    CHECK_EQ(config.ring_bytes, 65536);
    CHECK_EQ(from_environment("SIGPROF_RING", "65536"), 1);
    CHECK_EQ(from_environment("SIGPROF_RING", "1g"), 1);
    CHECK_EQ(config.ring_bytes, 1 << 30);
    CHECK_EQ(from_environment("SIGPROF_RING", "5m"), 1);
    CHECK_EQ(config.ring_bytes, 5 << 20);
    CHECK_EQ(from_environment("SIGPROF_OUT", "%e-%p-%h-%t-%%"), 1);
    CHECK_STR(config.out, "%e-%p-%h-%t-%%");
    CHECK_EQ(from_environment("SIGPROF_START", "paused"), 1);
    CHECK(config.paused);
    CHECK_EQ(from_environment("SIGPROF_MODE", "record"), 1);
    CHECK_EQ(from_environment("SIGPROF_CLOCK", "itimer"), 1);
    CHECK_EQ(config.clock, SIGPROF_CLOCK_ITIMER);
    CHECK_EQ(from_environment("SIGPROF_CLOCK", "wall"), 1);
    CHECK_EQ(config.clock, SIGPROF_CLOCK_WALL);
    CHECK_EQ(from_environment("SIGPROF_CLOCK", "polled"), 1);
    CHECK_EQ(config.clock, SIGPROF_CLOCK_POLLED);
    CHECK_EQ(from_environment("SIGPROF_FOLLOW", "none"), 1);
    CHECK_EQ(config.follow, SIGPROF_FOLLOW_NONE);
}

static void the_names_are_told(void)
{
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned at = 0;

        while (sigprof__config_name(at) &&
               strcmp(sigprof__config_name(at), names[i]) != 0)
            at++;
        CHECK(sigprof__config_name(at) != NULL);
    }
    CHECK(sigprof__config_name(sizeof names / sizeof *names) == NULL);
}

static void options_out_of_range_are_refused(void)
{
    static const struct sigprof_options bad[] = {
        {.size = sizeof bad[0], .hz = 10001},
        {.size = sizeof bad[0], .clock = 99},
        {.size = sizeof bad[0], .unwind = 3},
        {.size = sizeof bad[0], .depth = 1025},
        {.size = sizeof bad[0], .follow = 3},
        {.size = sizeof bad[0], .ring_bytes = 65535},
        {.size = sizeof bad[0], .ring_bytes = ((size_t)1 << 30) + 1},
        {.size = sizeof bad[0], .out = "%q"},
        {.size = sizeof bad[0], .out = ""},
        {.size = 0}};

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sigprof__config_from_options(&config, &bad[i]) != SIGPROF_EINVAL)
            FAIL("options %u were taken", i);
}

static void an_older_caller_s_options_end_where_its_struct_ends(void)
{
    struct sigprof_options options;

    memset(&options, 0xff, sizeof options);
    options.size = offsetof(struct sigprof_options, clock);
    options.hz = 7;
    CHECK_EQ(sigprof__config_from_options(&config, &options), 0);
    CHECK_EQ(config.hz, 7);
    CHECK_EQ(config.depth, 256);
    CHECK_STR(config.out, "");
    CHECK_EQ(sigprof__config_from_options(&config, NULL), 0);
    CHECK_EQ(config.hz, 99);
}

int main(void)
{
    RUN(without_hz_nothing_starts);
    RUN(the_defaults_are_those_of_the_manual);
    RUN(a_bad_value_is_named_with_what_is_accepted);
    RUN(a_toggle_is_a_signal);
    RUN(a_rotation_is_a_size_an_age_and_a_number);
    RUN(a_line_break_in_a_value_does_not_make_two_lines);
    RUN(a_very_long_value_is_cut_in_the_message);
    RUN(the_edges_of_each_range_are_taken);
    RUN(the_names_are_told);
    RUN(options_out_of_range_are_refused);
    RUN(an_older_caller_s_options_end_where_its_struct_ends);
    return 0;
}
